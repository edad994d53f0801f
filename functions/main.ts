/** Every function of the app. One entry file: a worker that loads many stops at the first that fails, and loads the rest in vain. */
import { app } from '@azure/functions';
import { closeMonitor } from '../src/compose-monitor.ts';
import './diagnose.ts';
import './health.ts';
import './housekeeping.ts';
import './probe.ts';

app.hook.appTerminate(() => closeMonitor());
