/** Anywhere in a name. */
const PARTS =
  /token(?!i[sz])|secret|passw(?:or)?d(?!less)|passphrase|passcode|credential|(?:api|access|private|signing|encryption|account|certificate|master|shared|ssh|secret)[-_. ]?key(?!less)|client[-_]key[-_]data|tls\.key$|dockerc(?:on)?fi?g/;
/** Between `_`, `-` and dots. */
const WORDS = new Set(['pwd', 'pat', 'auth', 'pass', 'pw', 'psk', 'jwt', 'cookie', 'signature', 'sig', 'apikey']);
/** A name that ends in one of these is that of a place, a kind or a setting. */
const SETTING =
  /(?:file|path|dir|directory|name|namespace|ttl|type|id|ur[il]|expiry|expiration|expires|timeout|backend|provider|store|enabled|disabled|mode|version|endpoint|host|port|prefix|suffix|location|source|kind|count|limit|length|size|audience|issuer|bucket|deprecated|policy|format|method|scheme|sock|socket|user|email|region|zone|ca[-_]cert[-_]hash|ref|selector|manager|driver|plugin|helper|required|lifetime|rotation|interval|stdin|env|domain|realm|algorithm|status|mount|volume|in|at)s?$/;

/** Whether a variable, flag or field of this name holds a secret itself, not its location or kind. */
export function isSecretName(name: string): boolean {
  if (/^-*(?:OLD)?PWD$/.test(name)) return false;
  const lower = name.toLowerCase();
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z\d]+/);
  const names = PARTS.test(lower) || words.some((word) => WORDS.has(word));
  return names && !endsAsSetting(lower, words.at(-1) ?? '');
}

/** `pin` and `login` end in "in" and are no settings: short endings count as whole words only. */
function endsAsSetting(lower: string, last: string): boolean {
  const [ending = ''] = SETTING.exec(lower) ?? [];
  return ending !== '' && (ending.length > 3 || ending === last || /^(?:dir|ttl|ur[il])s?$/.test(ending));
}
