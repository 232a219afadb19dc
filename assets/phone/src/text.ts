// The sentences of the page, from assets/lang: here those that are needed before
// the first photo, the others in later.ts.

import en from '../../lang/phone.en.json'
import mi from '../../lang/phone.mi.json'

type Plural = { one: string; other: string }

type Tree = { [key: string]: string | Tree }

/** English with every string that the other language has; what it lacks stays English. */
export function over<T extends Tree>(base: T, other: Tree): T {
  const out: Tree = { ...base }
  for (const [key, value] of Object.entries(other)) {
    const known = base[key]
    if (typeof known === 'object' && typeof value === 'object') out[key] = over(known, value)
    else if (typeof known === typeof value) out[key] = value
  }
  return out as T
}

/** Whether te reo Māori stands before English in the browser's list. */
export function prefersMaori(languages: readonly string[]): boolean {
  const first = languages.find((l) => /^(mi|en)\b/i.test(l))
  return /^mi\b/i.test(first ?? '')
}

const maori = prefersMaori(globalThis.navigator?.languages ?? [])

export const inLanguage = <T extends Tree>(english: T, other: Tree): T => (maori ? over(english, other) : english)

export const text = inLanguage(en, mi)

/** Fills {name} places. */
export function fill(template: string, values: Record<string, string | number>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}

export function plural(p: Plural, n: number): string {
  return fill(n === 1 ? p.one : p.other, { n })
}
