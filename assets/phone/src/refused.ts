export type Reason =
  | 'heic' | 'not-image' | 'empty' | 'damaged' | 'memory' | 'too-many-pixels'
  | 'too-large' | 'too-many' | 'closed' | 'mismatch' | 'unreadable'

/** The photo cannot be sent, whatever is tried. */
export class Refused extends Error {
  constructor(readonly reason: Reason) {
    super(reason)
  }
}

/** It cannot be done here; the page itself may be able to. */
export class Unable extends Error {}
