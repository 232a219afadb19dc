import { describe, expect, it } from 'vitest'
import type { Details } from './details.ts'
import { reduce, type Photo } from './queue.ts'
import { completed, wanting } from './wanted.ts'

const photo = (id: string, details: Details): Photo => reduce([], { type: 'shot', id, order: 1, details })[0]!

describe('what the practice requires', () => {
  const photos = [photo('a', { site: 'hand', side: 'left' }), photo('b', { site: 'foot', view: 'near' })]
  const all = () => true
  it('is wanting where any photo lacks it', () => {
    expect(wanting(photos, ['site', 'side', 'view', 'type'], all)).toEqual(['side', 'view', 'type'])
    expect(wanting(photos, ['site'], all)).toEqual([])
    expect(wanting(photos, [], all)).toEqual([])
    expect(wanting([], ['site'], all)).toEqual([])
  })
  it('is not asked of photos that cannot be changed any more', () => {
    expect(wanting(photos, ['side', 'view'], (p) => p.id === 'a')).toEqual(['view'])
    expect(wanting(photos, ['type'], () => false)).toEqual([])
  })
})

describe('what is given for all photos', () => {
  it.each<[Details, Details, Details]>([
    [{}, { site: 'foot', side: 'right', view: 'near', type: 'rash' }, { site: 'foot', side: 'right', view: 'near', type: 'rash' }],
    [{ caption: 'sore', intimate: true, rotate: 90, view: 'locator' }, { view: 'near', type: 'rash' }, { caption: 'sore', view: 'locator', type: 'rash', intimate: true, rotate: 90 }],
    [{ site: 'hand' }, { site: 'foot', side: 'right' }, { site: 'hand' }],
    [{ site: 'hand' }, { side: 'right' }, { site: 'hand', side: 'right' }],
    [{ site: 'hand', side: 'left' }, { side: 'right' }, { site: 'hand', side: 'left' }],
    [{ site: undefined, side: undefined }, { site: 'foot', side: 'both' }, { site: 'foot', side: 'both' }],
    [{ site: 'hand' }, {}, { site: 'hand' }],
  ])('%j, given %j, becomes %j', (own, given, want) => expect(completed(own, given)).toEqual(want))
})
