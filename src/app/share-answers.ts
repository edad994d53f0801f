/** Makes one answer serve everybody who asks while it is being made and for `forMs` after that: how often somebody asks costs nothing. */
export function shareAnswers<Input, Answer>(
  forMs: number,
  now: () => number,
  make: (input: Input) => Promise<Answer>,
): (input: Input) => Promise<Answer> {
  let last: { readonly answer: Promise<Answer>; madeAt?: number } | undefined;
  return (input) => {
    const isFresh = last !== undefined && (last.madeAt === undefined || (now() >= last.madeAt && now() - last.madeAt < forMs));
    if (last !== undefined && isFresh) return last.answer;
    const made: { readonly answer: Promise<Answer>; madeAt?: number } = { answer: make(input) };
    last = made;
    made.answer.then(
      () => {
        made.madeAt = now();
      },
      () => {
        if (last === made) last = undefined;
      },
    );
    return made.answer;
  };
}
