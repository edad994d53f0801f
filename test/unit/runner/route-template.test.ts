import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchRoute, parseRoute, type RouteTemplate, requestPath } from '../../../src/runner/route-template.ts';

function template(text: string): RouteTemplate {
  const parsed = parseRoute(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.template;
}

function match(route: string, target: string): Readonly<Record<string, string>> | undefined {
  const path = requestPath(target);
  return path === undefined ? undefined : matchRoute(template(route), path);
}

describe('a route', () => {
  it.each([
    ['health', '/health', {}],
    ['health', '/HEALTH', {}],
    ['health', '/health/', {}],
    ['/health/', '/health', {}],
    ['health', '/health?a=/b', {}],
    ['api/targets/{id}', '/api/targets/ndes01', { id: 'ndes01' }],
    ['api/targets/{id}', '/API/Targets/NDES01', { id: 'NDES01' }],
    ['api/targets/{id}', '/api/targets/a%20b', { id: 'a b' }],
    ['api/targets/{id}', '/api/targets/a%2Fb', { id: 'a%2Fb' }],
    ['api/targets/{id}', '/api/targets/a%2fb%20c', { id: 'a%2fb c' }],
    ['api/targets/{id}', '/api/targets/%E2%82%AC', { id: '€' }],
    ['api/targets/{id}', '/api/targets/%ff', { id: '%ff' }],
    ['api/targets/{id}', '/api/targets/a+b', { id: 'a+b' }],
    ['api/targets/{id}', '/other/../api/./targets/x', { id: 'x' }],
    ['api/targets/{id}', '/other/%2e%2e/api/targets/x', { id: 'x' }],
    ['health', '/../../health', {}],
    ['health', '/health/.', {}],
    ['health', '/health/x/..', {}],
    ['badge/{id}.svg', '/badge/ndes01.svg', { id: 'ndes01' }],
    ['badge/{id}.svg', '/badge/ndes01.contoso.com.svg', { id: 'ndes01.contoso.com' }],
    ['badge/{id}.svg', '/badge/a.svg.svg', { id: 'a.svg' }],
    ['badge/{id}.svg', '/badge/A.SVG', { id: 'A' }],
    ['{a}-{b}', '/x-y-z', { a: 'x-y', b: 'z' }],
    ['v{major}.{minor}', '/v1.2', { major: '1', minor: '2' }],
    ['runs/{n:int}', '/runs/42', { n: '42' }],
    ['runs/{n:int}', '/runs/-1', { n: '-1' }],
    ['{p?}', '/', {}],
    ['{p?}', '/x', { p: 'x' }],
    ['a/{p=here}', '/a', { p: 'here' }],
    ['a/{p=here}', '/a/there', { p: 'there' }],
    ['files/{*rest}', '/files', {}],
    ['files/{*rest}', '/files/', {}],
    ['files/{*rest}', '/files/a/b%20c/', { rest: 'a/b c/' }],
    ['files/{*rest}', '/files/a//b', { rest: 'a//b' }],
    ['{*path}', '/', {}],
    ['{*path}', '/any/thing', { path: 'any/thing' }],
    ['{**path}', '/any/thing', { path: 'any/thing' }],
    ['{ignored:maxlength(0)?}', '/', {}],
    ['{ignored:maxlength(0)?}', '', undefined],
    ['{name:minlength(2):maxlength(3)}', '/abc', { name: 'abc' }],
    ['{name:length(3)}', '/abc', { name: 'abc' }],
    ['{name:length(1,2)}', '/ab', { name: 'ab' }],
    ['{name:alpha}', '/abc', { name: 'abc' }],
    ['{n:range(1,5)}', '/5', { n: '5' }],
    ['{n:min(2)}/{m:max(3)}', '/2/3', { n: '2', m: '3' }],
    ['{id:guid}', '/0f8fad5b-d9cb-469f-a165-70867728950e', { id: '0f8fad5b-d9cb-469f-a165-70867728950e' }],
  ])('%j fits %j with %j', (route, target, params) => {
    expect(match(route, target)).toEqual(params);
  });

  it.each([
    ['health', '/'],
    ['health', '/health/x'],
    ['health', '/health//'],
    ['health', '//health'],
    ['health', '/healthy'],
    ['a/b', '/a'],
    ['a/b', '/a%2Fb'],
    ['a/{p}', '/a'],
    ['a/{p}', '/a/'],
    ['a/{p}', '/a//'],
    ['badge/{id}.svg', '/badge/.svg'],
    ['badge/{id}.svg', '/badge/x.png'],
    ['badge/{id}.svg', '/badge/svg'],
    ['{a}-{b}', '/-b'],
    ['{a}-{b}', '/a-'],
    ['v{n}', '/1'],
    ['v{n}', '/v'],
    ['runs/{n:int}', '/runs/x'],
    ['runs/{n:int}', '/runs/1.5'],
    ['runs/{n:int}', '/runs/2147483648'],
    ['{ignored:maxlength(0)?}', '/x'],
    ['{name:minlength(2)}', '/a'],
    ['{name:length(1,2)}', '/abc'],
    ['{name:alpha}', '/a1'],
    ['{n:range(1,5)}', '/6'],
    ['{n:min(2)}', '/1'],
    ['{n:max(2)}', '/x'],
    ['{id:guid}', '/x'],
    ['{*path}', '//x'],
    ['{*path}', '/a%00b'],
    ['{*path}', '*'],
    ['{*path}', 'http://example.test/'],
  ])('%j does not fit %j', (route, target) => {
    expect(match(route, target)).toBeUndefined();
  });

  it.each([
    ['{id', 'the route "{id" is not understood: "{id" is no segment'],
    ['a//b', 'the route "a//b" is not understood: "" is no segment'],
    ['{a{b}}', 'the route "{a{b}}" is not understood: "{a{b}}" is no segment'],
    ['{}', 'the route "{}" is not understood: {} is no parameter'],
    ['{a}{b}', 'the route "{a}{b}" is not understood: two parameters need something between them'],
    ['{a}/{A}', 'the route "{a}/{A}" is not understood: {A} is there twice'],
    ['{*a}/b', 'the route "{*a}/b" is not understood: {*a} takes the rest, so it has to come last'],
    ['x{a?}', 'the route "x{a?}" is not understood: {a} may be left out, so it has to stand alone between slashes'],
    [
      '{a:regex(x)}',
      'the route "{a:regex(x)}" is not understood: the constraint :regex is not one of int, alpha, guid, length, minlength, maxlength, min, max, range',
    ],
    ['{a:maxlength}', 'the route "{a:maxlength}" is not understood: :maxlength() has wrong values'],
    ['{a:maxlength(x)}', 'the route "{a:maxlength(x)}" is not understood: :maxlength(x) has wrong values'],
    ['{a:int(3)}', 'the route "{a:int(3)}" is not understood: :int(3) has wrong values'],
  ])('%j is told: %s', (route, told) => {
    const parsed = parseRoute(route);
    expect(parsed.ok ? 'none' : parsed.problem).toBe(told);
  });

  it('answers any path in time', () => {
    const routes = ['{*path}', 'badge/{id}.svg', '{a}-{b}-{c}.x', 'a/{p?}'].map(template);
    const piece = fc.constantFrom('/', '-', '.', 'a', '%2e', '%2F', '%E2', '..', 'badge', '.svg', '%zz', '?', '-'.repeat(4000));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const started = performance.now();
        const path = requestPath(`/${pieces.join('')}`);
        if (path !== undefined) for (const route of routes) matchRoute(route, path);
        expect(performance.now() - started).toBeLessThan(200);
      }),
      { numRuns: 300 },
    );
  });
});
