// Which layer may import which. For each rule, test/architecture/planted has files that break it.
const within = (...paths) => `(^|/)(${paths.join('|')})`;
const kernel = 'src/kernel/index\\.ts$';
const ports = 'src/store/[^/]+\\.ts$';

const forbidden = [
  {
    name: 'no-circles',
    comment: 'No import cycles, of types neither: what two files need from each other belongs in one file, or in a third.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'kernel-alone',
    comment: 'The kernel imports only itself: no domain code, no library, no Node API.',
    from: { path: within('src/kernel/') },
    to: { pathNot: within('src/kernel/') },
  },
  {
    name: 'domain-pure',
    comment: 'The domain imports only the kernel, through its index.ts.',
    from: { path: within('src/domain/') },
    to: { pathNot: within('src/domain/', kernel) },
  },
  {
    name: 'commands-apart',
    comment: 'A command does not import another command: what two share belongs to their aggregate.',
    from: { path: within('src/domain/[^/]+/commands/') },
    to: { path: within('src/domain/[^/]+/commands/') },
  },
  {
    name: 'projections-pure',
    comment: 'A projection imports only the kernel and the aggregates, through their index.ts.',
    from: { path: within('projections/') },
    to: { pathNot: within('projections/', kernel, 'src/domain/[^/]+/index\\.ts$') },
  },
  {
    name: 'engine-on-ports',
    comment: 'The engine imports the kernel, the store ports, hashing, timers and lru-cache: no aggregate, no adapter, no framework.',
    from: { path: within('src/engine/') },
    to: { pathNot: `${within('src/engine/', kernel, ports)}|^crypto$|^timers/promises$|node_modules/lru-cache/` },
  },
  {
    name: 'ports-plain',
    comment: 'A store port imports only the kernel and hashing.',
    from: { path: within(ports) },
    to: { pathNot: `${within(kernel, ports)}|^crypto$` },
  },
  {
    name: 'adapters-apart',
    comment: 'A store adapter imports only the kernel, its ports and its own folder.',
    from: { path: '(^|/)src/store/([^/]+)/', pathNot: within('src/store/replica/') },
    to: { path: within('src/', 'projections/'), pathNot: `(^|/)src/store/$2/|${within(kernel, ports)}` },
  },
  {
    name: 'replica-on-sqlite',
    comment: 'A replica is kept in a SQLite file and reaches the store that it replicates only through the port.',
    from: { path: within('src/store/replica/') },
    to: { path: within('src/', 'projections/'), pathNot: within('src/store/(replica|sqlite)/', kernel, ports) },
  },
  {
    name: 'proof-on-ports',
    comment: 'Proofs need the kernel, the store ports, hashing and files: no adapter, no aggregate, no framework.',
    from: { path: within('src/proof/') },
    to: { path: within('src/', 'projections/'), pathNot: within('src/proof/', kernel, ports) },
  },
  {
    name: 'refusals-alone',
    comment: 'What remembers refusals writes files and knows nothing of the ledger: no command, no store, no framework.',
    from: { path: within('src/refusals/') },
    to: { path: within('src/', 'projections/'), pathNot: within('src/refusals/') },
  },
  {
    name: 'thread-alone',
    comment:
      'The thread of the projections imports what follows the log and writes the read model: no HTTP, no commands, no other entry point.',
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
    comment: 'The entry point of a thread runs when it is imported, so it is started by its name and never imported.',
    from: {},
    to: { path: within('src/projector-thread\\.ts$') },
  },
  {
    name: 'sqlite-at-home',
    comment: 'Only the embedded store and the replica import SQLite.',
    from: { path: within('src/', 'projections/'), pathNot: within('src/store/(sqlite|replica)/') },
    to: { path: '(^|/)better-sqlite3|^sqlite$' },
  },
  {
    name: 'kurrentdb-at-home',
    comment: 'Only the KurrentDB adapter imports the KurrentDB client.',
    from: { path: within('src/', 'projections/'), pathNot: within('src/store/kurrentdb/') },
    to: { path: '(^|/)@(eventstore|kurrent)/' },
  },
  {
    name: 'csv-at-home',
    comment: 'Only one file imports the CSV library.',
    from: { path: within('src/', 'projections/'), pathNot: within('src/csv\\.ts$') },
    to: { path: '(^|/)csv-' },
  },
  {
    name: 'csv-alone',
    comment: 'What writes CSV knows no row: each table brings its columns.',
    from: { path: within('src/csv\\.ts$') },
    to: { path: within('src/', 'projections/'), pathNot: within(kernel) },
  },
  {
    name: 'frameworks-at-the-edge',
    comment: 'Only the HTTP layer and the pages import Nest, Fastify and their companions.',
    from: { path: within('src/', 'projections/'), pathNot: within('src/(http|pages)/', 'src/[a-z]+\\.module\\.ts$', 'src/main\\.ts$') },
    to: { path: '(^|/)(@nestjs/|fastify|@fastify/|class-validator|class-transformer|reflect-metadata|rxjs|pino|@prometheus-io/)' },
  },
  {
    name: 'http-without-adapters',
    comment: 'HTTP uses the engine and imports no store adapter and no single aggregate; one place chooses the store.',
    from: { path: within('src/http/') },
    to: { path: within('src/store/[^/]+/', 'src/domain/[^/]+/') },
  },
  {
    name: 'pages-on-the-edge',
    comment: 'Pages read and command in process, through the engine and what HTTP shares: no store adapter, no single aggregate.',
    from: { path: within('src/pages/') },
    to: { path: within('src/store/[^/]+/', 'src/domain/', 'src/cli/', 'src/operate/') },
  },
  {
    name: 'nobody-on-pages',
    comment: 'Nothing but the application imports pages: the API stands without them.',
    from: { path: within('src/', 'projections/'), pathNot: within('src/pages/', 'src/app\\.module\\.ts$') },
    to: { path: within('src/pages/') },
  },
  {
    name: 'markup-at-home',
    comment: 'Only pages are markup.',
    from: { path: within('src/', 'projections/'), pathNot: within('src/pages/') },
    to: { path: '(^|/)preact' },
  },
  {
    name: 'cli-over-http',
    comment: 'The command-line tools are clients: they reach the ledger over HTTP, and know only its declarations.',
    from: { path: within('src/cli/') },
    to: {
      path: within('src/', 'projections/'),
      pathNot: within(
        'src/cli/',
        kernel,
        'src/domain/index\\.ts$',
        'projections/index\\.ts$',
        'src/engine/write/command-id\\.ts$',
        'src/csv\\.ts$',
      ),
    },
  },
  {
    name: 'operate-on-stores',
    comment: 'The operator tools open stores directly and import no domain, HTTP or projection code.',
    from: { path: within('src/operate/') },
    to: { path: within('src/(domain|http|cli)/', 'projections/'), pathNot: within('src/http/token-file\\.ts$') },
  },
  {
    name: 'product-without-tests',
    comment: 'Shipped code imports no test or benchmark.',
    from: { path: within('src/', 'projections/') },
    to: { path: within('(test|bench)/(?!architecture/planted)') },
  },
  {
    name: 'product-without-tools',
    comment: 'Shipped code imports no development dependency.',
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
