import { describe, expect, it } from '@jest/globals';
import { unmetPrecondition, type Precondition } from '../../src/engine/write/precondition.js';

describe('what a caller asks of a stream', () => {
  it.each<[Precondition, number]>([
    [{}, 3],
    [{ ifMatch: [3] }, 3],
    [{ ifMatch: [7, 3] }, 3],
    [{ ifMatch: [-1] }, -1],
    [{ ifMatch: 'any' }, 0],
    [{ ifNoneMatch: 'any' }, -1],
    [{ ifMatch: [-1], ifNoneMatch: 'any' }, -1],
  ])('is so: %j at revision %i', (asked, revision) => expect(unmetPrecondition(asked, 'contract-x', revision)).toBeUndefined());

  it.each<[Precondition, number, string]>([
    [{ ifMatch: [7] }, 3, 'contract-x is at revision 3, not 7.'],
    [{ ifMatch: [7, 2] }, 3, 'contract-x is at revision 3, not 7 or 2.'],
    [{ ifMatch: [-1] }, 0, 'contract-x is at revision 0, not -1.'],
    [{ ifMatch: [0] }, -1, 'contract-x has no events yet, not 0.'],
    [{ ifMatch: 'any' }, -1, 'contract-x has no events yet.'],
    [{ ifMatch: [] }, 3, 'contract-x is at revision 3, and no tag that came is a revision in quotes. A weak tag never matches: a proxy on the way may have added its W/.'], // prettier-ignore
    [{ ifNoneMatch: 'any' }, 0, 'contract-x is at revision 0, and the command asks for a new one.'],
    [{ ifMatch: [0], ifNoneMatch: 'any' }, 0, 'contract-x is at revision 0, and the command asks for a new one.'],
  ])('is not so: %j at revision %i', (asked, revision, why) => expect(unmetPrecondition(asked, 'contract-x', revision)).toBe(why));
});
