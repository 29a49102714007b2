// Who may know whom. Each rule has a planted file in test/architecture/planted that breaks it.
const within = (...rooms) => `(^|/)(${rooms.join('|')})`;
const kernel = 'src/kernel/index\\.ts$';
const ports = 'src/store/[^/]+\\.ts$';

const forbidden = [
  {
    name: 'no-circles',
    comment: 'What two files need of each other belongs into one; they may speak of each other in types.',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'kernel-alone',
    comment: 'The language knows nothing of what is said in it, and nothing of the machine.',
    from: { path: within('src/kernel/') },
    to: { pathNot: within('src/kernel/') },
  },
  {
    name: 'domain-pure',
    comment: 'The business knows the language, by its door.',
    from: { path: within('src/domain/') },
    to: { pathNot: within('src/domain/', kernel) },
  },
  {
    name: 'commands-apart',
    comment: 'A command is one file: what two share belongs to their subject.',
    from: { path: within('src/domain/[^/]+/commands/') },
    to: { path: within('src/domain/[^/]+/commands/') },
  },
  {
    name: 'projections-pure',
    comment: 'A projection knows the language and the subjects, by their doors.',
    from: { path: within('projections/') },
    to: { pathNot: within('projections/', kernel, 'src/domain/[^/]+/index\\.ts$') },
  },
  {
    name: 'engine-on-ports',
    comment: 'The engine knows the language and the ports, and what a cache and a pause need: no aggregate, no adapter, no framework.',
    from: { path: within('src/engine/') },
    to: { pathNot: `${within('src/engine/', kernel, ports)}|^crypto$|^timers/promises$|node_modules/lru-cache/` },
  },
  {
    name: 'ports-plain',
    comment: 'A port is said in the language alone, and may hash what is said in it.',
    from: { path: within(ports) },
    to: { pathNot: `${within(kernel, ports)}|^crypto$` },
  },
  {
    name: 'adapters-apart',
    comment: 'An adapter knows its port and its own folder.',
    from: { path: '(^|/)src/store/([^/]+)/', pathNot: within('src/store/replica/') },
    to: { path: within('src/', 'projections/'), pathNot: `(^|/)src/store/$2/|${within(kernel, ports)}` },
  },
  {
    name: 'replica-on-sqlite',
    comment: 'A replica is kept in a SQLite file, and reaches the store that it replicates only through the port.',
    from: { path: within('src/store/replica/') },
    to: { path: within('src/', 'projections/'), pathNot: within('src/store/(replica|sqlite)/', kernel, ports) },
  },
  {
    name: 'thread-alone',
    comment: 'The thread of the projections takes what follows the log and writes the read model: no HTTP, no commands, no other entry.',
    from: { path: within('src/projector-thread\\.ts$') },
    to: {
      path: within('src/', 'projections/'),
      pathNot: within(
        'projections/index\\.ts$',
        'src/domain/index\\.ts$',
        'src/engine/read/',
        'src/store/(sqlite|replica)/',
        'src/projector-worker\\.ts$',
      ),
    },
  },
  {
    name: 'thread-not-imported',
    comment: 'An entry of a thread runs when it is imported: it is started, never imported.',
    from: {},
    to: { path: within('src/projector-thread\\.ts$') },
  },
  {
    name: 'sqlite-at-home',
    comment: 'Only the embedded store and the replica know SQLite.',
    from: { path: within('src/', 'projections/'), pathNot: within('src/store/(sqlite|replica)/') },
    to: { path: '(^|/)better-sqlite3|^sqlite$' },
  },
  {
    name: 'kurrentdb-at-home',
    comment: 'Only its adapter knows the client of KurrentDB.',
    from: { path: within('src/', 'projections/'), pathNot: within('src/store/kurrentdb/') },
    to: { path: '(^|/)@(eventstore|kurrent)/' },
  },
  {
    name: 'frameworks-at-the-edge',
    comment: 'Nest, Fastify and what belongs to them stay where HTTP is spoken.',
    from: { path: within('src/', 'projections/'), pathNot: within('src/http/', 'src/[a-z]+\\.module\\.ts$', 'src/main\\.ts$') },
    to: { path: '(^|/)(@nestjs/|fastify|@fastify/|class-validator|class-transformer|reflect-metadata|rxjs|pino|@prometheus-io/)' },
  },
  {
    name: 'http-without-adapters',
    comment: 'HTTP speaks to the engine; which store stands behind it is chosen in one place.',
    from: { path: within('src/http/') },
    to: { path: within('src/store/[^/]+/', 'src/domain/[^/]+/') },
  },
  {
    name: 'cli-by-the-doors',
    comment: 'The command line is a client: it speaks HTTP to the ledger.',
    from: { path: within('src/cli/') },
    to: {
      path: within('src/', 'projections/'),
      pathNot: within('src/cli/', kernel, 'src/domain/index\\.ts$', 'src/engine/write/command-id\\.ts$'),
    },
  },
  {
    name: 'operate-on-stores',
    comment: 'What an operator runs beside the server opens stores, and knows nothing of the business.',
    from: { path: within('src/operate/') },
    to: { path: within('src/(domain|http|cli)/', 'projections/'), pathNot: within('src/http/token-file\\.ts$') },
  },
  {
    name: 'product-without-tests',
    comment: 'Nothing that is shipped needs what is not.',
    from: { path: within('src/', 'projections/') },
    to: { path: within('(test|bench)/(?!architecture/planted)') },
  },
  {
    name: 'product-without-tools',
    comment: 'What is shipped needs no development dependency.',
    from: { path: within('src/', 'projections/') },
    to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
  },
];

module.exports = {
  forbidden: forbidden.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'node', 'default', 'types'], exportsFields: ['exports'] },
  },
};
