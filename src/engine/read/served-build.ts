import type { Projection } from '../../kernel/index.js';
import { MAX_PAGE, type FaultedStream, type ReadModelReader, type Sequence } from '../../store/read-model.js';
import type { Log } from './follower-supervisor.js';
import type { ServedBuild } from './rows/rendering.js';

/** A build as readers see it. */
export class Build implements ServedBuild {
  readonly build: { readonly id: number };
  readonly #renderErrors = new Map<string, string>();
  /** How many streams cannot be folded: where there is none, nobody looks. */
  faultCount = 0;

  constructor(
    private readonly readModel: ReadModelReader,
    private readonly projection: Projection,
    id: number,
    private readonly log: Log | undefined,
  ) {
    this.build = { id };
  }

  readonly faulted = {
    get: (stream: string): Sequence | undefined =>
      this.faultCount === 0 ? undefined : this.readModel.faultOf(this.build.id, stream)?.sequence,
  };

  failed(stream: string, key: string, error: unknown): void {
    const known = this.#renderErrors.has(stream);
    if (!known && this.#renderErrors.size >= MAX_PAGE) return;
    if (!known) this.log?.(`${this.projection.name}: ${key} of ${stream} cannot be shown.`, error);
    this.#renderErrors.set(stream, `${key} cannot be shown: ${messageOf(error)}`);
  }

  faults(): readonly FaultedStream[] {
    return this.faultCount === 0 ? [] : this.readModel.faulted(this.build.id, { limit: MAX_PAGE });
  }
  renderErrors(sequence: Sequence): readonly FaultedStream[] {
    return [...this.#renderErrors].map(([stream, error]) => ({ stream, sequence, error }));
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
