// Browsers inside other apps, and those that a Wi-Fi opens to have one sign in:
// they close without a word, and many keep nothing.

const inApps = /MicroMessenger|FBA[NV]\/|FB_IAB|Instagram|Line\/|KAKAOTALK|Snapchat|CaptiveNetworkSupport|CaptivePortalLogin|; wv\)/i

export const isMiniBrowser = (userAgent: string): boolean => inApps.test(userAgent)
