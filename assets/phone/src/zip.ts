// A ZIP of stored entries: enough for `unzip` and the workstation to read.

const table = /* @__PURE__ */ (() => {
  const t = new Uint32Array(256)
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
    t[n] = c
  }
  return t
})()

export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]!) & 255]! ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

export interface Entry {
  name: string
  bytes: Uint8Array
}

/**
 * Entries in the order given, uncompressed. Every entry carries the format's
 * first date: the real time is in capture.json, and equal input gives equal bytes.
 */
export function zipStored(entries: Entry[]): Uint8Array {
  const names = entries.map((e) => new TextEncoder().encode(e.name))
  const size = entries.reduce((n, e, i) => n + 76 + 2 * names[i]!.length + e.bytes.length, 22)
  const out = new Uint8Array(size)
  const view = new DataView(out.buffer)
  let at = 0
  const u16 = (v: number) => {
    view.setUint16(at, v, true)
    at += 2
  }
  const u32 = (v: number) => {
    view.setUint32(at, v, true)
    at += 4
  }
  const put = (b: Uint8Array) => {
    out.set(b, at)
    at += b.length
  }
  const common = (crc: number, length: number, nameLength: number) => {
    u16(20) // version needed
    u16(0) // flags
    u16(0) // stored
    u16(0) // 00:00:00
    u16(0x21) // 1 January 1980
    u32(crc)
    u32(length)
    u32(length)
    u16(nameLength)
    u16(0) // extra
  }
  const placed = entries.map((e, i) => {
    const offset = at
    const crc = crc32(e.bytes)
    u32(0x04034b50)
    common(crc, e.bytes.length, names[i]!.length)
    put(names[i]!)
    put(e.bytes)
    return { offset, crc }
  })
  const directory = at
  entries.forEach((e, i) => {
    u32(0x02014b50)
    u16(20) // made by
    common(placed[i]!.crc, e.bytes.length, names[i]!.length)
    u16(0) // comment
    u16(0) // disk
    u16(0) // internal attributes
    u32(0) // external attributes
    u32(placed[i]!.offset)
    put(names[i]!)
  })
  const directorySize = at - directory
  u32(0x06054b50)
  u16(0)
  u16(0)
  u16(entries.length)
  u16(entries.length)
  u32(directorySize)
  u32(directory)
  u16(0)
  return out
}
