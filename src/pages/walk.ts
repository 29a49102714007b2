/** A page of the guided walk, and what is said of it. */
export interface Step {
  readonly title: string;
  readonly text: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** The guided walk through the demo's ledger: what a board member and then an auditor would ask. */
export const WALK: readonly Step[] = [
  {
    title: 'The board at the end of 2016',
    text: 'All towers on one page, as they stood on that day, from what is known now. The service integrator has a ceiling of £96m. The date fields lead to any other day.',
    path: '/app/boards/met',
    query: { effectiveOn: '2016-12-31' },
  },
  {
    title: 'The board today',
    text: 'The same page, of today: the ceiling of service integration has grown by 84.2 %, and its contract is past its end. The marks say what to know before trusting a line.',
    path: '/app/boards/met',
  },
  {
    title: 'The second uplift',
    text: 'The contract of the service integrator. PCD 813 raised its ceiling a second time, from £143m to £176.8m. Each step has three figures, and what happened is listed below.',
    path: '/app/contracts/met-siam-atos',
  },
  {
    title: 'Why',
    text: 'The decision behind it: who took it, on whose authority, what was known, and which rules held. The ledger takes it again from what was known then, and compares.',
    path: '/app/decisions/7a7c0937-2615-576c-94f6-bb178d6d4a04',
  },
  {
    title: 'The proof',
    text: 'Every event is a leaf of a tree whose root is signed. A checkpoint that is kept elsewhere proves later that nothing under it was changed or removed.',
    path: '/app/proof',
  },
];
