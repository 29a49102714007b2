import { check } from '../../kernel/index.js';
import collectiveRedundancies from './gb-collective-redundancies.json' with { type: 'json' };
import transfers from './gb-transfers.json' with { type: 'json' };
import pa2023Changes from './pa-2023-changes.json' with { type: 'json' };
import pa2023Notices from './pa-2023-notices.json' with { type: 'json' };
import pa2023Standstill from './pa-2023-standstill.json' with { type: 'json' };
import { malformedIn, packFields, unreachableIn, type Pack } from './pack.js';
import pcr2006Changes from './pcr-2006-changes.json' with { type: 'json' };
import pcr2006Notices from './pcr-2006-notices.json' with { type: 'json' };
import pcr2006Standstill from './pcr-2006-standstill.json' with { type: 'json' };
import pcr2015ChangeNotices from './pcr-2015-change-notices.json' with { type: 'json' };
import pcr2015Changes from './pcr-2015-changes.json' with { type: 'json' };
import pcr2015Notices from './pcr-2015-notices.json' with { type: 'json' };
import pcr2015Standstill from './pcr-2015-standstill.json' with { type: 'json' };

export * from './answers.js';
export { cites, inForceOn, judge, type Facts, type Judgement, type MoneyRange } from './evaluate.js';
export { malformedIn, packFields, REGIMES, SUBJECTS, unreachableIn, type FactName, type LawRule, type Pack, type Subject } from './pack.js';
export { isWorkingDay, lastDayOf, type Counting } from './working-days.js';

/** A file as a pack. @throws Error where it is none, or a rule of it is malformed or can never apply */
export const packOf = (file: unknown): Pack => {
  const pack = file as Pack;
  const faults = check(packFields, file);
  const [fault] = faults.length > 0 ? faults : malformedIn(pack);
  const unreachable = fault ?? unreachableIn(pack);
  if (unreachable) throw new Error(`${pack?.id} ${unreachable.pointer}: ${unreachable.detail}`);
  return pack;
};

/** The law that is shipped, as data. A programme adopts a pack with its whole body. */
export const shipped = {
  transfers: packOf(transfers),
  collectiveRedundancies: packOf(collectiveRedundancies),
  pcr2006Changes: packOf(pcr2006Changes),
  pcr2006Standstill: packOf(pcr2006Standstill),
  pcr2006Notices: packOf(pcr2006Notices),
  pcr2015Changes: packOf(pcr2015Changes),
  pcr2015Standstill: packOf(pcr2015Standstill),
  pcr2015Notices: packOf(pcr2015Notices),
  pcr2015ChangeNotices: packOf(pcr2015ChangeNotices),
  pa2023Changes: packOf(pa2023Changes),
  pa2023Standstill: packOf(pa2023Standstill),
  pa2023Notices: packOf(pa2023Notices),
} as const satisfies { readonly [name: string]: Pack };

/** `gb-transfers 2024-07-01`, with what is still to be confirmed. */
export const cited = ({ id, version, source }: Pack): string =>
  `${id} version ${version}${source.read === 'in-part' ? ', to be confirmed' : ''}`;
