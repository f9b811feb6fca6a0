/** Why a job stays as it is, and what to do about it. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** What a person does instead. */
  readonly advice: string;
  /** The name of the flag that decided, with its dashes. */
  readonly flag: string | undefined;

  /** @param reason names the thing that cannot be translated */
  constructor(reason: string, advice: string, flag?: string) {
    super(reason);
    this.advice = advice;
    this.flag = flag;
  }
}
