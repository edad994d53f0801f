import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Command, InvalidArgumentError } from 'commander';
import { nearest } from '../core/text/nearest.ts';
import { printable } from '../core/text/printable.ts';
import type { VerdictCode } from '../core/verdict/code.ts';
