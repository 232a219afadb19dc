// Body site: search over the list, and a front view to tap on.

import { useState } from 'preact/hooks'
import type { Details } from '../details.ts'
import { later } from '../later.ts'
import { findSites, parts, viewHeight, viewWidth, type Part } from '../sites.ts'
import { Choice } from './choice.tsx'

interface Props {
  details: Details
  disabled: boolean
  onChange(change: Partial<Details>): void
}

export function BodySite({ details, disabled, onChange }: Props) {
  const [query, setQuery] = useState('')
  const found = findSites(query)
  return (
    <div class="bodysite">
      <label class="field" for="site-search">{later.site.label}</label>
      <input id="site-search" type="search" value={query} disabled={disabled} placeholder={later.site.search} autocomplete="off"
        onInput={(e) => setQuery(e.currentTarget.value)} />
      <div class={query ? '' : 'bodycols'}>
        {!query && <BodyMap details={details} disabled={disabled} onChange={onChange} />}
        <div>
          <Choice label={later.site.label} values={found.map((s) => [s.id, s.name])} value={details.site} disabled={disabled}
            onChange={(site) => onChange({ site })} />
          <p role="status" class="quiet">{found.length === 0 && later.site.none}</p>
        </div>
      </div>
    </div>
  )
}

/** For the finger only: the list beside it offers the same to keyboard and screen reader. */
function BodyMap({ details, disabled, onChange }: Props) {
  const chosen = (p: Part) => p.site === details.site && (!p.side || !details.side || details.side === 'both' || p.side === details.side)
  const tap = (p: Part) => {
    if (disabled) return
    if (p.site === details.site && p.side === details.side) onChange({ site: undefined, side: undefined })
    else onChange(p.side ? { site: p.site, side: p.side } : { site: p.site })
  }
  return (
    <svg class="body" viewBox={`0 0 ${viewWidth} ${viewHeight}`} aria-hidden="true">
      <text x="8" y="64">{later.site.right}</text>
      <text x={viewWidth - 8} y="64" text-anchor="end">{later.site.left}</text>
      {parts.map((p) => (
        <rect key={p.site + p.side} class={chosen(p) ? 'chosen' : ''} data-part={`${p.site}${p.side ? ` ${p.side}` : ''}`}
          x={p.x} y={p.y} width={p.width} height={p.height} rx={p.round} onClick={() => tap(p)} />
      ))}
    </svg>
  )
}
