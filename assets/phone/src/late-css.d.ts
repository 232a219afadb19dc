/** The address of a style sheet, from the code that imports it. */
declare module '*.late.css' {
  const href: string
  export default href
}
