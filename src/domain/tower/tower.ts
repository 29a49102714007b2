import { eventsOf, optional, ref, references, aggregate, text, withReferences, type ExternalReference } from '../../kernel/index.js';
import { programme, type Programme } from '../programme/programme.js';

/** What is decided of a tower itself. Procuring, live, exiting and the like are derived from its contracts by a projection. */
export interface Tower {
  readonly stage: 'none' | 'planned';
  readonly programme?: string;
  readonly title: string;
  readonly scope?: string;
  readonly plannedOn?: string;
  readonly references?: readonly ExternalReference[];
}

const event = eventsOf<Tower, Programme>();

export const tower = aggregate({
  category: 'tower',
  initial: { stage: 'none', title: '' } as Tower,
  stages: ['none', 'planned'],
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
  },
  about: (id, { programme }) => ({ tower: [id], ...(programme && { programme }) }),
  governedBy: { aggregate: programme, of: (t) => t.programme },
});
