import { randomUUID } from 'node:crypto';
import { type Binding, logLevel, type RegisteredFunction, type Registrations } from './functions-core.ts';
import { describeError, type WriteLog } from './log-line.ts';

export interface HttpInput {
  readonly method: string;
  /** Absolute, as the client sees it. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface HttpOutput {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly Cookie[];
  readonly body: Uint8Array;
}

export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: string;
  readonly path?: string;
  /** Epoch seconds. */
  readonly expires?: number;
  /** Seconds. */
  readonly maxAge?: number;
  readonly secure?: boolean;
  readonly httpOnly?: boolean;
  readonly sameSite?: 'strict' | 'lax' | 'none';
}

/** What a timer's handler is given. Times are ISO 8601 with seven decimals, as .NET writes them. */
export interface TimerInput {
  readonly isPastDue: boolean;
  readonly adjustForDst: boolean;
  /** null for a timer whose status is not kept. */
  readonly status: { readonly last: string; readonly next: string; readonly lastUpdated: string } | null;
}

/** Runs an HTTP function once, hooks included. Rejects with what the handler threw, or when it returned something that is no response. */
export async function invokeHttp(registered: RegisteredFunction, app: Registrations, input: HttpInput, log: WriteLog): Promise<HttpOutput> {
  const { method, url, headers, query, params, body } = input;
  const http = {
    method,
    url,
    nullableHeaders: nullables(headers),
    nullableQuery: nullables(query),
    nullableParams: nullables(params),
    body: { bytes: body },
  };
  const returned = await invoke(registered, app, { http }, log);
  // A handler that returns nothing has succeeded without content.
  if (returned === undefined || returned === null) return { status: 204, headers: {}, cookies: [], body: new Uint8Array() };
  return readHttpOutput(returned);
}

/** Runs a timer's handler once, hooks included. Rejects with what it threw. */
export async function invokeTimer(registered: RegisteredFunction, app: Registrations, input: TimerInput, log: WriteLog): Promise<void> {
  const { isPastDue, adjustForDst, status } = input;
  const timer = {
    Schedule: { AdjustForDST: adjustForDst },
    ScheduleStatus: status === null ? null : { Last: status.last, Next: status.next, LastUpdated: status.lastUpdated },
    IsPastDue: isPastDue,
  };
  await invoke(registered, app, { json: JSON.stringify(timer) }, log);
}

/** The trigger of a function: the one binding that starts it. */
export function triggerOf({ bindings }: RegisteredFunction): { readonly name: string; readonly binding: Binding } | undefined {
  const found = Object.entries(bindings).find(([, { type }]) => /trigger$/i.test(type));
  return found && { name: found[0], binding: found[1] };
}

/** As the worker does it, step by step. */
async function invoke({ name, bindings, handler }: RegisteredFunction, app: Registrations, data: object, log: WriteLog): Promise<unknown> {
  const trigger = triggerOf({ name, bindings, handler });
  if (trigger === undefined) throw new Error(`function ${name} has no trigger`);
  const context = {
    invocationId: randomUUID(),
    request: { inputData: [{ name: trigger.name, data }], triggerMetadata: {} },
    metadata: { name, bindings },
    state: 'preInvocationHooks' as 'preInvocationHooks' | 'invocation' | 'postInvocationHooks',
    log: (level: string, _category: string, message: string): void => log({ level: logLevel(level), functionName: name, text: message }),
  };
  const model = app.model.getInvocationModel(context);
  const { context: invocationContext, inputs } = await model.getArguments();

  const before = { hookData: {}, functionCallback: handler, inputs, invocationContext };
  await runHooks(app, 'preInvocation', before);
  context.state = 'invocation';
  const after: Record<string, unknown> = { hookData: before.hookData, inputs: before.inputs, invocationContext };
  try {
    after.result = await model.invokeFunction(invocationContext, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error ?? new Error('the handler threw nothing');
  }
  context.state = 'postInvocationHooks';
  await runHooks(app, 'postInvocation', after);
  if (after.error !== undefined) throw after.error;
  return (await model.getResponse(invocationContext, after.result)).returnValue;
}

/** One after the other, as registered; each may change the context for those behind it. */
export async function runHooks({ hooks }: Pick<Registrations, 'hooks'>, name: string, context: Record<string, unknown>): Promise<void> {
  for (const hook of hooks.get(name) ?? []) await hook(context);
}

/** Runs hooks of the app itself, where there is nobody to tell about an error but the log. */
export async function runAppHooks(app: Registrations, name: 'appStart' | 'appTerminate', log: WriteLog): Promise<void> {
  try {
    await runHooks(app, name, { hookData: {} });
  } catch (error) {
    log({ level: 'error', text: `a hook ${name} failed: ${describeError(error)}` });
  }
}

function nullables(values: Readonly<Record<string, string>>): Record<string, { readonly value: string }> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

function readHttpOutput(returned: unknown): HttpOutput {
  const { http } = asRpc<{ http?: RpcHttp }>(returned);
  if (http === undefined) throw new Error('the handler returned no HTTP response');
  return {
    status: Number(http.statusCode),
    headers: http.headers,
    cookies: http.cookies.map(readCookie),
    body: http.body?.bytes ?? new Uint8Array(),
  };
}

function readCookie({ name, value, domain, path, expires, maxAge, secure, httpOnly, sameSite }: RpcCookie): Cookie {
  return {
    name,
    value,
    ...(domain && { domain: domain.value }),
    ...(path && { path: path.value }),
    ...(expires && { expires: expires.value.seconds }),
    ...(maxAge && { maxAge: maxAge.value }),
    ...(secure && { secure: secure.value }),
    ...(httpOnly && { httpOnly: httpOnly.value }),
    ...(sameSite !== 'none' && { sameSite: sameSite === 'explicitNone' ? 'none' : sameSite }),
  };
}

interface RpcHttp {
  readonly statusCode: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly RpcCookie[];
  readonly body?: { readonly bytes?: Uint8Array };
}

interface RpcCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: Nullable<string>;
  readonly path?: Nullable<string>;
  readonly expires?: Nullable<{ readonly seconds: number }>;
  readonly maxAge?: Nullable<number>;
  readonly secure?: Nullable<boolean>;
  readonly httpOnly?: Nullable<boolean>;
  /** `none` is the library's word for not given. */
  readonly sameSite: 'strict' | 'lax' | 'none' | 'explicitNone';
}

interface Nullable<T> {
  readonly value: T;
}

/** Guarantee: the value was made by the library's own conversion, whose form is fixed by the worker's protocol. */
function asRpc<T>(value: unknown): T {
  return value as T;
}
