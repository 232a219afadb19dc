// What the practice requires and no one has said yet: asked for once, for all
// photos that lack it, before the phone is put away.

import { useEffect, useRef, useState } from 'preact/hooks'
import { kinds, sides, tidy, views, type Details } from '../details.ts'
import { Icon } from '../icons.tsx'
import { later } from '../later.ts'
import type { Page } from '../page.ts'
import { plural } from '../text.ts'
import { completed } from '../wanted.ts'
import { BodySite } from './body.tsx'
import { Choice } from './choice.tsx'
import { Hint } from './hint.tsx'

export function Wanted({ page }: { page: Page }) {
  const [wanted] = useState(page.wanting) // stays while the answers come in
  const [given, give] = useState<Details>({})
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    scrollTo(0, 0)
    title.current?.focus()
  }, [])
  const lacking = page.photos.filter((p) => page.editing!.may(p) && wanted.some((d) => !p.details[d]))
  const change = (c: Partial<Details>) => give(tidy({ ...given, ...c }))
  const pairs = <T extends string>(ids: T[], names: Record<T, string>) => ids.map((id): [T, string] => [id, names[id]])
  const save = () => {
    for (const p of lacking) page.editing!.edit(p.id, completed(p.details, given))
    page.asked()
    page.show({ name: 'session' })
  }
  const skip = () => {
    page.asked()
    void page.finish()
  }
  return (
    <div class="session" data-screen="wanted">
      <header class="bar">
        <button class="square" id="back" aria-label={later.ready} onClick={() => page.show({ name: 'session' })}><Icon name="back" /></button>
        <h1 tabIndex={-1} ref={title}>{later.wanted.title}</h1>
        <span class="square" />
      </header>
      <main>
        <Hint page={page} small />
        <section class="details" aria-label={later.details.title}>
          <p class="quiet">{plural(later.wanted.forAll, lacking.length)}</p>
          {wanted.includes('site') && <BodySite details={given} disabled={false} onChange={change} />}
          {wanted.includes('side') && (
            <>
              <p class="field">{later.side.label}</p>
              <Choice label={later.side.label} values={pairs(sides, later.side)} value={given.side} disabled={false} onChange={(side) => change({ side })} />
            </>
          )}
          {wanted.includes('view') && (
            <>
              <p class="field">{later.view.label}</p>
              <Choice label={later.view.label} values={pairs(views, later.view)} value={given.view} disabled={false} onChange={(view) => change({ view })} />
            </>
          )}
          {wanted.includes('type') && (
            <>
              <p class="field">{later.kind.label}</p>
              <Choice label={later.kind.label} values={pairs(kinds, later.kind)} value={given.type} disabled={false} onChange={(type) => change({ type })} />
            </>
          )}
        </section>
      </main>
      <footer>
        <button class="main" id="save" disabled={Object.keys(given).length === 0} onClick={save}><Icon name="tick" />{later.wanted.save}</button>
        <button class="link quiet" id="skip" onClick={skip}>{later.wanted.skip}</button>
      </footer>
    </div>
  )
}
