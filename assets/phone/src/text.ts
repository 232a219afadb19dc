// Every sentence of the page, from assets/lang.

import en from '../../lang/phone.en.json'

type Plural = { one: string; other: string }

export const text = en

/** Fills {name} places. */
export function fill(template: string, values: Record<string, string | number>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}

export function plural(p: Plural, n: number): string {
  return fill(n === 1 ? p.one : p.other, { n })
}
