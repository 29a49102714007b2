import { Inject, Injectable, type INestApplication } from '@nestjs/common';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { CONFIG, type Config } from './ledger.js';
import { documentOf } from './openapi.js';
import { VERSION } from './version.js';

/** The OpenAPI document, made from the application's routes when somebody first asks for it. */
@Injectable()
export class ApiDocument {
  #app: INestApplication | undefined;
  #document: object | undefined;
  #text: string | undefined;

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** Names the application that it describes, and serves it at `/docs` for people. */
  describe(app: INestApplication): void {
    this.#app = app;
    SwaggerModule.setup('docs', app, () => this.get() as OpenAPIObject, {
      raw: false,
      customSiteTitle: 'Tower Ledger',
      customCss: '.swagger-ui .topbar { display: none }',
      swaggerOptions: { docExpansion: 'none', filter: true, tagsSorter: 'alpha' },
    });
  }

  /** As JSON, made once. */
  text(): string {
    return (this.#text ??= JSON.stringify(this.get()));
  }

  get(): object {
    return (this.#document ??= documentOf(this.#app!, VERSION, this.config.tokens !== undefined));
  }
}
