export type IconName = keyof typeof paths

export const paths = {
  camera: 'M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z',
  photo: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4',
  tick: 'M5 13l4 4L19 7',
  ticks: 'M2 13l4 4L15 7M12 16l1 1L22 7',
  up: 'M12 19V6M6 11l6-6 6 6',
  lock: 'M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3',
  warn: 'M12 4l9 16H3zM12 10v4M12 17v.5',
  hidden: 'M4 4l16 16M9.5 5.6A9.8 9.8 0 0 1 12 5.3c5 0 8.3 4.1 9.5 6.7a13 13 0 0 1-2.7 3.7M6.2 7.3A13 13 0 0 0 2.5 12c1.2 2.6 4.5 6.7 9.5 6.7a9.7 9.7 0 0 0 4.3-1M9.9 9.9a3 3 0 0 0 4.2 4.2',
  turn: 'M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5',
  bin: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  copy: 'M8 8h12v12H8zM4 16V4h12',
}

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon ${name}`} viewBox="0 0 24 24" aria-hidden="true"><path d={paths[name]} /></svg>
  )
}

export function Mark({ name }: { name: 'tick' | 'warn' }) {
  return <div class={`mark ${name}`}><Icon name={name} /></div>
}
