import { Body, Controller, Post, Res, type Type } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { AnyCommand } from '../kernel/index.js';
import { BodyPipe } from './body.js';

/** What a command costs is measured against routes of the same application that leave out one thing more each. */
export const benchController = (command: AnyCommand): Type => {
  const shape = new BodyPipe(command);

  @ApiExcludeController()
  @Controller('bench')
  class BenchController {
    @Post('no-op')
    noOp(@Res() reply: FastifyReply): void {
      reply.header('content-type', 'application/json; charset=utf-8').send('{}');
    }

    @Post('validated')
    validated(@Body(shape) _body: object, @Res() reply: FastifyReply): void {
      reply.header('content-type', 'application/json; charset=utf-8').send('{}');
    }
  }
  return BenchController;
};
