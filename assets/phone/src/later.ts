// The sentences that are not needed before the first photo.

import en from '../../lang/phone-later.en.json'
import mi from '../../lang/phone-later.mi.json'
import { inLanguage } from './text.ts'

export const later = inLanguage(en, mi)
