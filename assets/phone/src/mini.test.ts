import { describe, expect, it } from 'vitest'
import { isMiniBrowser } from './mini.ts'

const android = 'Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko)'
const iPhone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'

describe('a mini-browser', () => {
  it.each([
    [`${android} Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20231202 MicroMessenger/8.0.47`],
    [`${iPhone} Mobile/15E148 MicroMessenger/8.0.47(0x18002f2f) NetType/WIFI Language/en`],
    ['Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/UQ1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36'],
    [`${iPhone} Mobile/15E148 [FBAN/FBIOS;FBAV/450.0.0.38.108]`],
    ['CaptiveNetworkSupport-443.80.2 wispr'],
  ])('is seen: %s', (userAgent) => expect(isMiniBrowser(userAgent)).toBe(true))
  it.each([
    [`${android} Chrome/120.0.0.0 Mobile Safari/537.36`],
    [`${iPhone} Version/17.4 Mobile/15E148 Safari/604.1`],
    [`${iPhone} CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1`],
    ['Mozilla/5.0 (Android 14; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0'],
    [`${android} SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36`],
  ])('is not: %s', (userAgent) => expect(isMiniBrowser(userAgent)).toBe(false))
})
