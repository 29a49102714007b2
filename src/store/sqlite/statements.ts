import Database from 'better-sqlite3';

export type Value = string | number | null | Buffer;

/**
 * Prepares a statement whose values are bound at each use. SQLite lets the plan of a statement depend on a value that is bound, and then
 * plans it again for each binding, which takes ten times as long as the statement; of an expression it does not know the value.
 */
export const prepared = <Values extends unknown[], Row>(db: Database.Database, sql: string): Database.Statement<Values, Row> =>
  db.prepare<Values, Row>(sql.replaceAll('?', '+?'));

/** Rows of one INSERT: many cost far less than a statement for each. */
const ROWS = [64, 8, 1];

/** A database connection with its prepared statements, one for each text. Their number is that of the texts in this folder. */
export class Statements {
  readonly #prepared = new Map<string, Database.Statement<unknown[]>>();
  readonly #inserts = new Map<string, readonly string[]>();

  constructor(readonly db: Database.Database) {}

  all(sql: string, values: readonly Value[]): unknown[] {
    return this.#statement(sql).all(values);
  }
  get(sql: string, values: readonly Value[]): unknown {
    return this.#statement(sql).get(values);
  }
  run(sql: string, values: readonly Value[] = []): void {
    this.#statement(sql).run(values);
  }

  /**
   * A row that cannot be stored ends the transaction, and so SQLite keeps no journal of each statement.
   * @param into a table; all rows have all of its columns
   */
  insert(into: string, rows: readonly (readonly Value[])[], otherwise: 'ROLLBACK' | 'IGNORE' = 'ROLLBACK'): void {
    if (rows.length === 0) return;
    let texts = this.#inserts.get(into); // a table is always written in one way
    if (!texts) {
      const row = `(${Array<string>(rows[0]!.length).fill('?').join(', ')})`;
      const of = (count: number) => `INSERT OR ${otherwise} INTO ${into} VALUES ${Array<string>(count).fill(row).join(', ')}`;
      this.#inserts.set(into, (texts = ROWS.map(of)));
    }
    let from = 0;
    for (const [i, count] of ROWS.entries()) {
      const values = new Array<Value>(rows[0]!.length * count);
      for (; from + count <= rows.length; from += count) {
        let to = 0;
        for (let at = from; at < from + count; at++) for (const value of rows[at]!) values[to++] = value;
        this.run(texts[i]!, values);
      }
    }
  }

  rollback(): void {
    if (this.db.inTransaction) this.db.exec('ROLLBACK');
  }

  #statement(sql: string): Database.Statement<unknown[]> {
    let statement = this.#prepared.get(sql);
    if (!statement) this.#prepared.set(sql, (statement = prepared(this.db, sql)));
    return statement;
  }
}
