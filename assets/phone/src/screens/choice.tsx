/** One of a few values, or none: a second tap takes the choice back. */
export function Choice<T extends string>(props: {
  label: string
  values: [T, string][]
  value: T | undefined
  disabled: boolean
  onChange(value: T | undefined): void
}) {
  return (
    <div class="chips" role="group" aria-label={props.label}>
      {props.values.map(([id, name]) => (
        <button type="button" key={id} data-value={id} aria-pressed={props.value === id} disabled={props.disabled}
          onClick={() => props.onChange(props.value === id ? undefined : id)}>
          {name}
        </button>
      ))}
    </div>
  )
}
