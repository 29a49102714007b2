import { Module } from '@nestjs/common';
import { PagesController } from './pages.controller.js';

/** The pages for people under /app. */
@Module({ controllers: [PagesController] })
export class PagesModule {}
