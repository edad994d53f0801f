import Module from 'node:module';
import { format } from 'node:util';
import type { LogLine, WriteLog } from './log-line.ts';

/**
 * A stand-in for `@azure/functions-core`: that package exists only inside the worker of Azure Functions, which slips it into
 * `require`. With it, the real `@azure/functions` library registers, parses and converts as in Azure; without, it drops all registrations.
 */

/** As the library describes it in a registration. Only what the runner looks at has a name here. */
export interface Binding {
  readonly type: string;
  readonly direction: 'in' | 'out' | 'inout';
  readonly [option: string]: unknown;
}

export type Handler = (...inputs: unknown[]) => unknown;

export interface RegisteredFunction {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly handler: Handler;
}

/** `preInvocation`, `postInvocation`, `appStart` and `appTerminate`; hooks of other names are kept and never called. */
export type Hook = (context: Record<string, unknown>) => unknown;

/** What an app registered while it was loaded. */
export interface Registrations {
  readonly functions: readonly RegisteredFunction[];
  readonly hooks: ReadonlyMap<string, ReadonlySet<Hook>>;
  readonly model: ProgrammingModel;
}

/** The library's side, as the worker calls it. */
export interface ProgrammingModel {
  readonly getInvocationModel: (context: CoreInvocationContext) => InvocationModel;
  readonly getCapabilities: (worker: Record<string, string>) => Promise<Record<string, string>>;
}

export interface InvocationModel {
  readonly getArguments: () => Promise<{ readonly context: unknown; readonly inputs: readonly unknown[] }>;
  readonly invokeFunction: (context: unknown, inputs: readonly unknown[], handler: Handler) => Promise<unknown>;
  readonly getResponse: (
    context: unknown,
    result: unknown,
  ) => Promise<{
    readonly returnValue?: unknown;
    readonly outputData?: readonly unknown[];
  }>;
}

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: { readonly inputData: readonly { readonly name: string; readonly data: unknown }[]; readonly triggerMetadata: object };
  readonly metadata: Pick<RegisteredFunction, 'name' | 'bindings'>;
  /** The library warns about log calls after the end, but for those of hooks. */
  state: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks';
  readonly log: (level: string, category: string, message: string) => void;
}

interface Loading {
  readonly functions: RegisteredFunction[];
  readonly hooks: Map<string, Set<Hook>>;
  readonly log: WriteLog;
}

// The library asks for its core once in the life of a process, so there is one for all apps that are loaded one after the other.
let installed = false;
let loading: Loading | undefined;
let lastLog: WriteLog = () => {};
let model: ProgrammingModel | undefined;

interface Disposable {
  readonly dispose: () => void;
}

const core = {
  version: '3.9.1',
  hostVersion: '4.1037.0',
  setProgrammingModel: (given: ProgrammingModel): void => {
    model = given;
  },
  getProgrammingModel: (): ProgrammingModel | undefined => model,
  registerFunction: (metadata: Pick<RegisteredFunction, 'name' | 'bindings'>, handler: Handler): Disposable => {
    const { functions } = onlyWhileLoading(`register function "${metadata.name}"`);
    const name = metadata.name.toLowerCase();
    if (functions.some((one) => one.name.toLowerCase() === name))
      throw new Error(`A function with name "${metadata.name}" is already registered.`);
    const registered = { name: metadata.name, bindings: metadata.bindings, handler };
    functions.push(registered);
    return { dispose: () => functions.splice(functions.indexOf(registered), 1) };
  },
  registerHook: (name: string, hook: Hook): Disposable => {
    const { hooks } = onlyWhileLoading(`register hook "${name}"`);
    const ofName = hooks.get(name) ?? new Set();
    hooks.set(name, ofName.add(hook));
    return { dispose: () => ofName.delete(hook) };
  },
  log: (level: string, _category: string, ...text: unknown[]): void => lastLog({ level: logLevel(level), text: format(...text) }),
};

function onlyWhileLoading(what: string): Loading {
  if (loading === undefined) throw new Error(`Cannot ${what}: registrations are possible only while the app's entry file loads.`);
  return loading;
}

/** The library has more levels. */
export function logLevel(level: string): LogLine['level'] {
  switch (level) {
    case 'critical':
    case 'error':
      return 'error';
    case 'warning':
      return 'warning';
    case 'trace':
    case 'debug':
      return 'debug';
    default:
      return 'info';
  }
}

function install(): void {
  if (installed) return;
  installed = true;
  Module.prototype.require = new Proxy(Module.prototype.require, {
    apply: (real, self, [name, ...rest]) => (name === '@azure/functions-core' ? core : Reflect.apply(real, self, [name, ...rest])),
  });
}

/**
 * Runs `load`, which imports an app, and gives what it registered. Rejects as `load` does, and when the library was never loaded.
 * One app loads at a time. A module that was imported before registers nothing any more: modules run once in a process.
 */
export async function collectRegistrations(load: () => Promise<unknown>, log: WriteLog): Promise<Registrations> {
  if (loading !== undefined) throw new Error('another app is being loaded');
  install();
  loading = { functions: [], hooks: new Map(), log };
  lastLog = log;
  try {
    await load();
    const { functions, hooks } = loading;
    if (model === undefined) throw new Error('the app registers no functions: it never calls app.http or app.timer of @azure/functions');
    return { functions, hooks, model };
  } finally {
    loading = undefined;
  }
}
