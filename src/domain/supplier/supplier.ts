import {
  choice,
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

/** A company, joint venture or consortium. The only aggregate that belongs to no programme. */
export interface Supplier {
  readonly stage: 'none' | 'registered';
  readonly title: string;
  readonly form?: 'company' | 'joint-venture' | 'consortium';
  readonly members: readonly string[];
  readonly aliases: readonly string[];
  readonly registration?: string;
  readonly sme?: boolean;
  readonly vcse?: boolean;
  readonly references?: readonly ExternalReference[];
}

const event = eventsOf<Supplier>();

export const supplier = aggregate({
  category: 'supplier',
  initial: { stage: 'none', title: '', members: [], aliases: [] } as Supplier,
  stages: ['none', 'registered'],
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
      evolve: (_, { title, form, members = [], aliases = [], registration, sme, vcse, references }) => ({
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
  },
  about: (id) => ({ supplier: [id] }),
});
