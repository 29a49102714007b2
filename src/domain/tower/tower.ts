import { eventsOf, optional, ref, references, aggregate, text, withReferences, type ExternalReference } from '../../kernel/index.js';
import { programme, type Programme } from '../programme/programme.js';

/** What is decided of a tower itself. Procuring, live, exiting and the like are derived from its contracts by a projection. */
export interface Tower {
  readonly stage: 'none' | 'planned' | 'merged' | 'cancelled';
  readonly programme?: string;
  readonly title: string;
  readonly scope?: string;
  readonly plannedOn?: string;
  readonly merged?: { readonly into: string; readonly on: string };
  readonly cancelled?: { readonly why: string; readonly on: string };
  readonly references?: readonly ExternalReference[];
}

const event = eventsOf<Tower, Programme>();

export const tower = aggregate({
  category: 'tower',
  initial: { stage: 'none', title: '' } as Tower,
  stages: ['none', 'planned', 'merged', 'cancelled'],
  events: {
    TowerPlanned: event({
      allowedIn: ['none'],
      fields: {
        programme: ref('programme'),
        title: text('Name of the tower', { example: 'Hosting' }),
        scope: optional(text('What the tower holds', { max: 1000 })),
        references,
      },
      evolve: (_, { programme, title, scope, references }, { effectiveOn }) => ({
        stage: 'planned',
        programme,
        title,
        plannedOn: effectiveOn,
        ...(scope && { scope }),
        ...withReferences([], references),
      }),
    }),
    TowerMerged: event({
      allowedIn: ['planned'],
      fields: { into: ref('tower', 'The tower that goes on') },
      rules: {
        'tower/merged-into-itself': {
          says: 'A tower is merged into another one.',
          field: '/into',
          holds: ({ data: { into }, id }) => into !== id,
        },
      },
      evolve: (t, { into }, { effectiveOn }) => ({ ...t, stage: 'merged', merged: { into, on: effectiveOn } }),
    }),
    TowerCancelled: event({
      allowedIn: ['planned'],
      fields: { why: text('Why, in our own words', { max: 1000 }) },
      evolve: (t, { why }, { effectiveOn }) => ({ ...t, stage: 'cancelled', cancelled: { why, on: effectiveOn } }),
    }),
  },
  about: (id, { programme, merged }) => ({ tower: [id, ...(merged ? [merged.into] : [])], ...(programme && { programme }) }),
  governedBy: { aggregate: programme, of: (t) => t.programme },
});
