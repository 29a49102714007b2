/** An entry of a calendar that lasts whole days. */
export interface CalendarEntry {
  /** The same whenever the entry is sent, and no other entry's. */
  readonly uid: string;
  /** First and last day, such as `2026-03-31`. */
  readonly from: string;
  readonly until: string;
  readonly summary: string;
  readonly description: string;
}

/** Octets of a line at most (RFC 5545, section 3.1); a longer one goes on in the next, behind a blank. */
const LINE = 75;

/** Backslashes, semicolons, commas and line ends of a text (RFC 5545, section 3.3.11). */
const escaped = (text: string): string => text.replaceAll(/[\\;,]/g, '\\$&').replaceAll(/\r\n|\r|\n/g, '\\n');

const folded = (line: string): string => {
  let [text, octets] = ['', 0];
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > LINE) [text, octets] = [`${text}\r\n `, 1];
    text += character;
    octets += size;
  }
  return `${text}\r\n`;
};
const property = (name: string, value: string): string => folded(`${name}:${value}`);
const day = (date: string): string => date.replaceAll('-', '');
const after = (date: string): string => {
  const next = new Date(`${date}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
};

export const calendarHead = (name: string): string =>
  property('BEGIN', 'VCALENDAR') +
  property('VERSION', '2.0') +
  property('PRODID', '-//Tower Ledger//Deadlines//EN') +
  property('CALSCALE', 'GREGORIAN') +
  property('METHOD', 'PUBLISH') +
  property('X-WR-CALNAME', escaped(name));

/** @param stamp the instant of the state that the entry shows, such as `2026-03-02T09:30:00.000Z` */
export const calendarEntry = ({ uid, from, until, summary, description }: CalendarEntry, stamp: string): string =>
  property('BEGIN', 'VEVENT') +
  property('UID', escaped(uid)) +
  property('DTSTAMP', `${stamp.slice(0, 19).replaceAll(/[-:]/g, '')}Z`) +
  property('DTSTART;VALUE=DATE', day(from)) +
  property('DTEND;VALUE=DATE', day(after(until))) + // the day after the last
  property('SUMMARY', escaped(summary)) +
  property('DESCRIPTION', escaped(description)) +
  property('TRANSP', 'TRANSPARENT') +
  property('END', 'VEVENT');

export const CALENDAR_END = property('END', 'VCALENDAR');
