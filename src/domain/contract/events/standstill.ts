import { choice, date, flag, id, optional, sharedReferences, text, uri, type Occurrence, type Rules } from '../../../kernel/index.js';
import { changed, NOTICES, OUTCOMES, withItem, type Challenge } from '../lists.js';
import { afterAward, event, type Contract } from '../state.js';

const challenge = id('The challenge', { example: 'losing-tenderer' });
const challengeOf = (challenge: string, { challenges }: Pick<Contract, 'challenges'>): Challenge | undefined =>
  challenges?.find((one) => one.challenge === challenge);

/** A contract whose award was set aside is tendered as before: with nobody, for nothing. */
const withoutAward = ({ dates: { awarded: _, ...dates }, ...c }: Contract): Contract => ({
  ...c,
  stage: 'tendering',
  suppliers: [],
  dates,
  original: { unknown: true },
  ceiling: { unknown: true },
  term: {},
  options: [],
  breaks: [],
  changes: [],
});

/** What stands between an award and its signature, and the notices of a contract beside that of its award. */
export const standing = {
  StandstillLetterSent: event({
    allowedIn: ['awarded'],
    fields: {
      electronic: flag('Whether it was sent electronically: by other means the standstill is longer'),
      standstillEndsOn: optional(date('Last day of the standstill, as the letter states it')),
      reference: optional(text('Reference of the letter', { max: 100 })),
    },
    evolve: (c, data, { event, effectiveOn: on }) => ({ ...c, standstillLetters: withItem(c.standstillLetters, { ...data, event, on }) }),
  }),
  ChallengeRecorded: event({
    allowedIn: afterAward,
    fields: {
      challenge,
      by: text('Who challenges the award', { example: 'A tenderer that lost' }),
      suspends: flag('Whether the contract may not be signed until it is resolved'),
      matter: optional(text('What it is about, in our own words', { max: 1000 })),
    },
    rules: {
      'contract/challenge-exists': {
        says: 'Each challenge has an id of its own.',
        field: '/challenge',
        detail: ({ data: { challenge } }, c) => `${challenge} was recorded on ${challengeOf(challenge, c)!.on}.`,
        holds: ({ data: { challenge } }, c) => challengeOf(challenge, c) === undefined,
      },
    },
    evolve: (c, data, { event, effectiveOn: on }) => ({ ...c, challenges: withItem(c.challenges, { ...data, event, on }) }),
  }),
  ChallengeResolved: event({
    allowedIn: afterAward,
    fields: {
      challenge,
      outcome: choice(OUTCOMES, 'How it came to its end; set-aside: the award is set aside, and the contract is tendered again'),
      note: optional(text('What was decided', { max: 1000 })),
    },
    rules: {
      'contract/unknown-challenge': {
        says: 'The contract has no such challenge.',
        field: '/challenge',
        detail: (_, { challenges = [] }) => `It has ${challenges.map(({ challenge }) => challenge).join(', ') || 'none'}.`,
        holds: ({ data: { challenge } }, c) => challengeOf(challenge, c) !== undefined,
      },
      'contract/challenge-resolved': {
        says: 'A challenge is resolved once.',
        field: '/challenge',
        detail: ({ data: { challenge } }, c) => `${challenge} was resolved on ${challengeOf(challenge, c)!.resolved!.on}.`,
        holds: ({ data: { challenge } }, c) => challengeOf(challenge, c)?.resolved === undefined,
      },
      'contract/signed-cannot-be-set-aside': {
        says: 'An award is set aside before the signature: afterwards the contract is terminated.',
        field: '/outcome',
        detail: (_, { stage }) => `The contract is ${stage}.`,
        holds: ({ data: { outcome } }, { stage }) => outcome !== 'set-aside' || stage === 'awarded',
      },
    } satisfies Rules<Occurrence<{ readonly challenge: string; readonly outcome: (typeof OUTCOMES)[number] }>, Contract>,
    evolve(c, { challenge, ...how }, { effectiveOn: on }) {
      const challenges = changed(c.challenges, (one) => one.challenge === challenge, (one) => ({ ...one, resolved: { ...how, on } })); // prettier-ignore
      return { ...(how.outcome === 'set-aside' ? withoutAward(c) : c), challenges };
    },
  }),
  NoticePublished: event({
    allowedIn: ['planned', 'tendering', ...afterAward, 'closed', 'cancelled'],
    fields: {
      kind: choice(NOTICES, 'What is announced'),
      reference: text('Number of the notice', { example: '2025/S 000-012345' }),
      uri: optional(uri('Where it is published')),
      note: optional(text('What it announces, in our own words', { max: 1000 })),
      references: sharedReferences,
    },
    evolve: (c, data, { event, effectiveOn: on }) => ({ ...c, otherNotices: withItem(c.otherNotices, { ...data, event, on }) }),
  }),
};
