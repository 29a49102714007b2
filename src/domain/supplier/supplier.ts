import {
  certainlyBefore,
  choice,
  date,
  eventsOf,
  flag,
  list,
  optional,
  ref,
  references,
  aggregate,
  text,
  withReferences,
  type ExternalReference,
} from '../../kernel/index.js';

interface Suspension {
  readonly ground: string;
  readonly until?: string;
  readonly on: string;
}

/** A company, joint venture or consortium. The only aggregate that belongs to no programme. */
export interface Supplier {
  readonly stage: 'none' | 'registered' | 'merged';
  /** Its name now. */
  readonly title: string;
  /** In the order in which it gave them up, each with the day. */
  readonly formerNames: readonly { readonly title: string; readonly until: string }[];
  readonly form?: 'company' | 'joint-venture' | 'consortium';
  readonly members: readonly string[];
  readonly aliases: readonly string[];
  /** What took its good standing away; absent while it has it. */
  readonly suspended?: Suspension;
  /** Suspensions that were taken back, each with the day. */
  readonly formerSuspensions?: readonly (Suspension & { readonly endedOn: string })[];
  readonly merged?: { readonly into: string; readonly on: string };
  readonly registration?: string;
  readonly sme?: boolean;
  readonly vcse?: boolean;
  readonly references?: readonly ExternalReference[];
}

const event = eventsOf<Supplier>();

/** Names that a supplier had, and others that it has, at most: of each. */
const MOST_NAMES = 1000;
/** For an event that adds to one of these lists. */
const hasRoom = (listOf: (s: Supplier) => readonly unknown[], field: string) => ({
  'supplier/full': {
    says: `A supplier has at most ${MOST_NAMES.toLocaleString('en')} other names, and as many former ones.`,
    field,
    holds: (_: unknown, s: Supplier) => listOf(s).length < MOST_NAMES,
  },
});

export const supplier = aggregate({
  category: 'supplier',
  initial: { stage: 'none', title: '', formerNames: [], members: [], aliases: [] } as Supplier,
  stages: ['none', 'registered', 'merged'],
  events: {
    SupplierRegistered: event({
      allowedIn: ['none'],
      fields: {
        title: text('Name of the supplier', { example: 'Computer Sciences Corporation' }),
        form: choice(['company', 'joint-venture', 'consortium']),
        members: optional(list(ref('supplier'), 'Members that are registered themselves', { max: 50 })),
        aliases: optional(list(text('Other name'), 'Other names', { max: 50 })),
        registration: optional(text('Number in a public register', { max: 60 })),
        sme: optional(flag('Whether it is a small or medium-sized enterprise')),
        vcse: optional(flag('Whether it is a voluntary, community or social enterprise')),
        references,
      },
      rules: {
        'supplier/company-with-members': {
          says: 'A company has no members: it is a joint venture or a consortium.',
          field: '/members',
          holds: ({ data: { form, members = [] } }) => form !== 'company' || members.length === 0,
        },
      },
      evolve: (s, { title, form, members = [], aliases = [], registration, sme, vcse, references }) => ({
        ...s,
        stage: 'registered',
        title,
        form,
        members,
        aliases,
        ...(registration && { registration }),
        ...(sme !== undefined && { sme }),
        ...(vcse !== undefined && { vcse }),
        ...withReferences([], references),
      }),
    }),
    SupplierRenamed: event({
      allowedIn: ['registered'],
      fields: { title: text('Its name from that day', { example: 'DXC Technology' }) },
      rules: {
        ...hasRoom(({ formerNames }) => formerNames, '/title'),
        'supplier/same-name': {
          says: 'A new name is another one than before.',
          field: '/title',
          holds: ({ data }, { title }) => data.title !== title,
        },
      },
      evolve: (s, { title }, { effectiveOn }) => ({
        ...s,
        title,
        formerNames: [...s.formerNames, { title: s.title, until: effectiveOn }],
      }),
    }),
    AliasAdded: event({
      allowedIn: ['registered', 'merged'],
      fields: { alias: text('Other name', { example: 'CSC' }) },
      rules: {
        ...hasRoom(({ aliases }) => aliases, '/alias'),
        'supplier/known-alias': {
          says: 'Each other name is recorded once.',
          field: '/alias',
          holds: ({ data: { alias } }, { aliases }) => !aliases.includes(alias),
        },
      },
      evolve: (s, { alias }) => ({ ...s, aliases: [...s.aliases, alias] }),
    }),
    SupplierMerged: event({
      allowedIn: ['registered'],
      fields: { into: ref('supplier', 'The supplier that goes on') },
      rules: {
        'supplier/merged-into-itself': {
          says: 'A supplier becomes part of another one.',
          field: '/into',
          holds: ({ data: { into }, id }) => into !== id,
        },
      },
      evolve: (s, { into }, { effectiveOn }) => ({ ...s, stage: 'merged', merged: { into, on: effectiveOn } }),
    }),
    SupplierSuspended: event({
      allowedIn: ['registered'],
      fields: { ground: text('On which ground', { max: 1000 }), until: optional(date('Last day of the suspension, where it is known')) },
      rules: {
        'supplier/suspended': {
          says: 'A supplier in good standing is suspended.',
          detail: (_, { suspended }) => `It is suspended since ${suspended!.on}.`,
          holds: (_, { suspended }) => !suspended,
        },
        'supplier/suspension-ends-before-start': {
          says: 'A suspension ends after it begins.',
          field: '/until',
          detail: ({ effectiveOn }) => `It begins on ${effectiveOn}.`,
          holds: ({ data: { until }, effectiveOn }) => !until || !certainlyBefore(until, effectiveOn),
        },
      },
      evolve: (s, { ground, until }, { effectiveOn }) => ({ ...s, suspended: { ground, ...(until && { until }), on: effectiveOn } }),
    }),
    SupplierReinstated: event({
      allowedIn: ['registered'],
      fields: { why: optional(text('Why', { max: 1000 })) },
      rules: {
        'supplier/in-good-standing': {
          says: 'A supplier that is suspended is reinstated.',
          holds: (_, { suspended }) => suspended !== undefined,
        },
      },
      evolve: ({ suspended, ...s }, _, { effectiveOn: endedOn }) => ({
        ...s,
        ...(suspended && { formerSuspensions: [...(s.formerSuspensions ?? []), { ...suspended, endedOn }] }),
      }),
    }),
  },
  about: (id, { merged }) => ({ supplier: [id, ...(merged ? [merged.into] : [])] }),
});
