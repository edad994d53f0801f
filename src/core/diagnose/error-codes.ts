/** What an HRESULT, NTSTATUS or Windows error means where a SCEP enrolment meets it. */
export interface ErrorCode {
  /** `0x` and eight hexadecimal digits, upper case; a plain Windows error is told as the HRESULT that wraps it. */
  readonly code: string;
  /** The symbol under which Windows knows it, or what kind of error it is where there is none. */
  readonly name: string;
  readonly meaning: string;
  /** What to look at first. */
  readonly hint: string;
}

type Row = readonly [value: number, name: string, meaning: string, hint: string];

const ROOT_STORE = 'Compare the root and intermediate certificates with those that the other side presents.';
const CLIENT_NETWORK =
  'Check the proxy and the firewall of the device: the SCEP client of Windows runs as SYSTEM and uses the WinHTTP proxy.';
const SERVICE_ACCOUNT = 'Check the account that the SCEP application pool runs as.';

/** Errors that an enrolment meets, by area. Values and names are those of winerror.h, ntstatus.h and winhttp.h. */
const ROWS: readonly Row[] = [
  [0x00000000, 'S_OK', 'success', 'Nothing to do.'],
  [
    0x02ab0003,
    'DM_S_ACCEPTED_FOR_PROCESSING',
    'the device accepted the profile and works on it',
    'No error: look for events 36, 39 or 32 that follow.',
  ],

  // Device management
  [
    0x86000022,
    'device management error',
    'the device could not create the SCEP node of its configuration',
    'Sync the device again; remove and assign the profile anew when it stays.',
  ],

  // The old connector's own diagnostic codes
  [
    0x00000400,
    'PKCS_Issue_CA_Unavailable',
    'the certification authority is not valid or not reachable',
    'Check that the CA runs and answers.',
  ],
  [0x00000403, 'CertThumbprint_NotFound', 'the connector does not find its certificate by thumbprint', 'Enrol the connector again.'],
  [0x00000404, 'Certificate_NotFound', 'the connector does not find its certificate', 'Enrol the connector again.'],
  [0x00000405, 'Certificate_Expired', 'a certificate of the connector has expired', 'Enrol the connector again.'],
  [
    0x00000408,
    'CRPSCEPCert_NotFound',
    "the registration point's encryption certificate is missing",
    'Check the setup of NDES and the connector.',
  ],
  [
    0x00000409,
    'CRPSCEPSigningCert_NotFound',
    'the signing certificate cannot be retrieved',
    'Check that the connector service runs and can download certificates.',
  ],
  [0x00000410, 'CRPSCEPDeserialize_Failed', 'the challenge cannot be read', 'Check the setup of NDES and the connector.'],
  [
    0x00000411,
    'CRPSCEPChallenge_Expired',
    'the challenge had expired when the device used it',
    'Let the device sync again; check the clocks and how long requests wait.',
  ],
  [0x0fffffff, 'Unknown_Error', 'an error on the side of the server that the connector has no name for', 'Read the connector trace.'],

  // General
  [0x80004001, 'E_NOTIMPL', 'not implemented', 'Update the component that reports it.'],
  [0x80004005, 'E_FAIL', 'a failure without a reason of its own', 'The real reason is in the text beside it.'],
  [0x8000ffff, 'E_UNEXPECTED', 'a failure that nobody expected', 'Look at the events just before.'],
  [
    0x80040154,
    'REGDB_E_CLASSNOTREG',
    'a component is not registered',
    'Install the certificate connector again: its policy module is not registered.',
  ],

  // Windows errors
  [0x80070002, 'ERROR_FILE_NOT_FOUND', 'the system cannot find the file', 'In NDES events: the MSCEP registry keys are not consistent.'],
  [0x80070003, 'ERROR_PATH_NOT_FOUND', 'the system cannot find the path', 'Check that the folder or the virtual directory exists.'],
  [
    0x80070005,
    'ERROR_ACCESS_DENIED',
    'access is denied',
    'Check the rights of the account: on the template, on the CA, on the private keys.',
  ],
  [
    0x8007000d,
    'ERROR_INVALID_DATA',
    'the data is invalid',
    'When RA certificates are renewed: renew them with a request from an INF file instead.',
  ],
  [0x8007000e, 'ERROR_OUTOFMEMORY', 'not enough memory', 'Check the memory of the machine.'],
  [0x80070020, 'ERROR_SHARING_VIOLATION', 'another process uses the file', 'Find the process that holds it.'],
  [0x80070032, 'ERROR_NOT_SUPPORTED', 'the request is not supported', 'Compare the versions of both sides.'],
  [
    0x80070040,
    'ERROR_NETNAME_DELETED',
    'the client or a proxy closed the connection before the answer',
    'Look for a time limit on the way.',
  ],
  [
    0x80070057,
    'ERROR_INVALID_PARAMETER',
    'a parameter is incorrect',
    'In NDES events 2 and 10: there are no usable RA certificates; renew them.',
  ],
  [0x80070079, 'ERROR_SEM_TIMEOUT', 'the network gave up waiting', 'Check the network between both machines.'],
  [
    0x800700ce,
    'ERROR_FILENAME_EXCED_RANGE',
    'the file name is too long',
    'The device read a web page as a SCEP answer: check the URL in the profile.',
  ],
  [0x800703e3, 'ERROR_OPERATION_ABORTED', 'the operation was aborted', 'Look for the worker process that stopped.'],
  [0x80070490, 'ERROR_NOT_FOUND', 'the element was not found', 'Check that the certificate or the key still exists.'],
  [0x800704cd, 'ERROR_CONNECTION_INVALID', 'the connection no longer exists', 'Check the network between both machines.'],
  [0x800704d4, 'ERROR_CONNECTION_ABORTED', 'this side dropped the connection', 'Check security software and time limits on this machine.'],
  [0x8007052e, 'ERROR_LOGON_FAILURE', 'the user name or the password is wrong', SERVICE_ACCOUNT],
  [0x80070532, 'ERROR_PASSWORD_EXPIRED', "the account's password has expired", SERVICE_ACCOUNT],
  [
    0x80070542,
    'ERROR_BAD_IMPERSONATION_LEVEL',
    'the worker may not impersonate the client',
    'Give IIS_IUSRS the right "Impersonate a client after authentication" and restart.',
  ],
  [0x80070569, 'ERROR_LOGON_TYPE_NOT_GRANTED', 'the account may not log on in this way', SERVICE_ACCOUNT],
  [
    0x800705b4,
    'ERROR_TIMEOUT',
    'the time for the answer ran out',
    'Look for what answers slowly: the CA, a revocation list, the connector.',
  ],
  [0x80070643, 'ERROR_INSTALL_FAILURE', 'the installation failed', 'Search its log for "return value 3" and read what stands above.'],
  [
    0x800706ba,
    'RPC_S_SERVER_UNAVAILABLE',
    'the RPC server is not available',
    'Check that the CA runs and that RPC reaches it from this server.',
  ],
  [0x800706be, 'RPC_S_CALL_FAILED', 'the remote procedure call failed', 'Check that the CA runs and that RPC reaches it from this server.'],
  [0x80070773, 'ERROR_PASSWORD_MUST_CHANGE', "the account's password must be changed", SERVICE_ACCOUNT],
  [0x80070775, 'ERROR_ACCOUNT_LOCKED_OUT', 'the account is locked out', SERVICE_ACCOUNT],

  // WinHTTP
  [0x80072ee2, 'ERROR_WINHTTP_TIMEOUT', 'the server did not answer in time', CLIENT_NETWORK],
  [
    0x80072ee7,
    'ERROR_WINHTTP_NAME_NOT_RESOLVED',
    'the name of the server cannot be resolved',
    'Check the URL in the profile, and DNS on the device.',
  ],
  [0x80072efd, 'ERROR_WINHTTP_CANNOT_CONNECT', 'no connection to the server', CLIENT_NETWORK],
  [0x80072efe, 'ERROR_WINHTTP_CONNECTION_ERROR', 'the connection was aborted', CLIENT_NETWORK],
  [
    0x80072f05,
    'ERROR_WINHTTP_SECURE_CERT_DATE_INVALID',
    "the server's TLS certificate is out of its dates",
    'Renew it, or set the clock right.',
  ],
  [
    0x80072f06,
    'ERROR_WINHTTP_SECURE_CERT_CN_INVALID',
    "the server's TLS certificate is for another name",
    'Use the name that the certificate has, or issue it for this name.',
  ],
  [
    0x80072f0c,
    'ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED',
    'the server asks for a client certificate',
    'Turn off client certificates on the SCEP URL.',
  ],
  [0x80072f0d, 'ERROR_WINHTTP_SECURE_INVALID_CA', "the server's TLS certificate is from an unknown authority", ROOT_STORE],
  [
    0x80072f19,
    'ERROR_WINHTTP_SECURE_CERT_REV_FAILED',
    "whether the server's TLS certificate is revoked cannot be checked",
    'Check that the revocation list can be reached.',
  ],
  [
    0x80072f78,
    'ERROR_WINHTTP_INVALID_SERVER_RESPONSE',
    'the server answered what is not HTTP',
    'Look for a proxy or a TLS renegotiation on the way.',
  ],
  [0x80072f8a, 'ERROR_WINHTTP_SECURE_CERT_REVOKED', "the server's TLS certificate is revoked", 'Renew it.'],
  [
    0x80072f8f,
    'ERROR_WINHTTP_SECURE_FAILURE',
    'TLS failed',
    "Check the server's certificate: its issuer, its name, its dates, its revocation list.",
  ],

  // Cryptography
  [
    0x80090005,
    'NTE_BAD_DATA',
    'the data cannot be decrypted',
    'The message was encrypted for another certificate: check the RA certificates.',
  ],
  [0x80090008, 'NTE_BAD_ALGID', 'the algorithm is not known', 'Check the algorithms in the profile and in the template.'],
  [0x8009000b, 'NTE_BAD_KEY_STATE', 'the key cannot be used in this state', 'Check whether the key may be exported or used here.'],
  [0x8009000d, 'NTE_NO_KEY', 'the key does not exist', 'Check the private keys of the RA certificates.'],
  [0x8009000f, 'NTE_EXISTS', 'the object exists already', 'Remove the left-over of an earlier request.'],
  [0x80090010, 'NTE_PERM', 'access to the key is denied', 'Give the service account Read on the private keys.'],
  [0x80090011, 'NTE_NOT_FOUND', 'the object was not found', 'Check the key and its provider.'],
  [
    0x80090014,
    'NTE_BAD_PROV_TYPE',
    'the type of the provider is wrong',
    'The certificate comes from a version 3 template with a key storage provider: use a legacy one.',
  ],
  [0x80090016, 'NTE_BAD_KEYSET', 'the key set does not exist', 'The private key is missing, or this account may not read it.'],
  [0x80090029, 'NTE_NOT_SUPPORTED', 'the provider does not support this', 'Check the key storage that the profile asks for.'],
  [0x80090030, 'NTE_DEVICE_NOT_READY', 'the TPM is not ready', 'Check the TPM of the device, or allow software keys in the profile.'],
  [0x8009030c, 'SEC_E_LOGON_DENIED', 'the logon was refused', SERVICE_ACCOUNT],
  [0x8009030e, 'SEC_E_NO_CREDENTIALS', 'no credentials were given', 'Turn on anonymous authentication.'],
  [0x80090322, 'SEC_E_WRONG_PRINCIPAL', 'the certificate or the principal has another name', 'Use the name that the certificate has.'],
  [0x80090325, 'SEC_E_UNTRUSTED_ROOT', 'the chain ends in a root that is not trusted', ROOT_STORE],
  [0x80090326, 'SEC_E_ILLEGAL_MESSAGE', 'a TLS message was not understood', 'Compare the TLS versions and cipher suites of both sides.'],
  [0x80090328, 'SEC_E_CERT_EXPIRED', 'the certificate has expired', 'Renew it.'],
  [0x80090331, 'SEC_E_ALGORITHM_MISMATCH', 'both sides have no TLS algorithm in common', 'Allow TLS 1.2 on both sides.'],
  [
    0x80091007,
    'CRYPT_E_HASH_VALUE',
    'the hash value is not correct',
    'The trusted certificate profile carries another CA certificate than the one that NDES presents.',
  ],
  [
    0x80092004,
    'CRYPT_E_NOT_FOUND',
    'the object or the property was not found',
    'Check that the certificate is in the store, with its key.',
  ],
  [0x80092010, 'CRYPT_E_REVOKED', 'the certificate is revoked', 'Renew it.'],
  [0x80092012, 'CRYPT_E_NO_REVOCATION_CHECK', 'revocation could not be checked', 'Check that the certificate names a revocation list.'],
  [
    0x80092013,
    'CRYPT_E_REVOCATION_OFFLINE',
    'the revocation server is offline',
    'Check that the revocation list can be reached from this machine.',
  ],
  [
    0x8009310b,
    'CRYPT_E_ASN1_BADTAG',
    'the message is not what ASN.1 asks for',
    'The request was cut or is no SCEP message; a probe can cause this.',
  ],

  // Certification authority
  [0x80094001, 'CERTSRV_E_BAD_REQUESTSUBJECT', 'the subject of the request is invalid or too long', 'Check the subject in the profile.'],
  [
    0x80094011,
    'CERTSRV_E_ENROLL_DENIED',
    'the CA does not let this account enrol',
    'Give the service account Request Certificates on the CA.',
  ],
  [
    0x80094012,
    'CERTSRV_E_TEMPLATE_DENIED',
    'the template does not let this account enrol',
    'Give the service account Read and Enroll on the template.',
  ],
  [
    0x80094800,
    'CERTSRV_E_UNSUPPORTED_CERT_TYPE',
    'the CA does not support this template',
    "Publish the template; the MSCEP registry keys need the template's name, not its display name.",
  ],
  [0x80094801, 'CERTSRV_E_NO_CERT_TYPE', 'the request names no template', 'Check the template names in the MSCEP registry keys.'],
  [
    0x80094811,
    'CERTSRV_E_KEY_LENGTH',
    'the key is shorter than the template asks for',
    'Make the key sizes of the profile and the template equal.',
  ],

  // Trust
  [0x80096004, 'TRUST_E_CERT_SIGNATURE', 'the signature of the certificate cannot be verified', ROOT_STORE],
  [0x80096019, 'TRUST_E_BASIC_CONSTRAINTS', 'a certificate in the chain may not issue certificates', ROOT_STORE],
  [0x800b0101, 'CERT_E_EXPIRED', 'a certificate is out of its dates', 'Renew it, or set the clock right.'],
  [
    0x800b0109,
    'CERT_E_UNTRUSTEDROOT',
    'the chain ends in a root that is not trusted',
    'On a server: move intermediate certificates out of Trusted Root. On a device: check the trusted certificate profile and re-issue RA certificates of an old CA.',
  ],
  [0x800b010a, 'CERT_E_CHAINING', 'no chain to a trusted root can be built', ROOT_STORE],
  [0x800b010c, 'CERT_E_REVOKED', 'a certificate was revoked by its issuer', 'Renew it.'],
  [0x800b010e, 'CERT_E_REVOCATION_FAILURE', 'revocation could not be checked', 'Check that the revocation list can be reached.'],
  [0x800b010f, 'CERT_E_CN_NO_MATCH', 'the certificate is for another name', 'Use the name that the certificate has.'],
  [0x800b0110, 'CERT_E_WRONG_USAGE', 'the certificate is not for this use', 'Check its extended key usage.'],
  [0x800b0114, 'CERT_E_INVALID_NAME', 'the name is not permitted', 'Check the name constraints of the CA.'],

  // Crashes
  [
    0xc0000005,
    'STATUS_ACCESS_VIOLATION',
    'the process crashed on an access violation',
    'Look for intermediate certificates in Trusted Root first.',
  ],
  [
    0xc0000374,
    'STATUS_HEAP_CORRUPTION',
    'the process crashed on a damaged heap',
    'Check the rights of the pool on C:\\Windows\\Temp, then the modules.',
  ],
  [0xc0000409, 'STATUS_STACK_BUFFER_OVERRUN', 'the process stopped itself after a fatal error', 'Update the module that crashed.'],
  [0xe0434352, 'CLR_EXCEPTION', 'the process ended with an unhandled .NET exception', 'Read the .NET Runtime event beside it.'],
];

const KNOWN: ReadonlyMap<number, Row> = new Map(ROWS.map((row) => [row[0], row]));

/** Facility of an HRESULT that wraps an HTTP status. */
const HTTP_FAMILY = 0x8019_0000;

/** Facility of an HRESULT that wraps a Windows error. */
const WIN32_FAMILY = 0x8007_0000;

const STATUS_ROWS: ReadonlyMap<number, readonly [meaning: string, hint: string]> = new Map([
  [400, ['bad request', 'Look into httperr.log on the server.']],
  [401, ['authentication required', 'Turn on anonymous authentication for the SCEP application.']],
  [403, ['forbidden', 'Expected on the bare URL only; on an operation look for the hop that refuses.']],
  [404, ['not found', 'Check the URL in the profile and the limits for long URLs.']],
  [408, ['request timeout', 'Look for a hop that breaks slow connections.']],
  [413, ['body too large', 'Raise the limit of the hop that answers.']],
  [414, ['URL too long', 'Raise MaxFieldLength and MaxRequestBytes and the limits of request filtering.']],
  [500, ['internal server error', 'Check the service account, the RA certificates and the impersonation right.']],
  [502, ['bad gateway', 'Check how the proxy reaches the server.']],
  [503, ['service unavailable', 'Start the SCEP application pool and find out why it stopped.']],
  [504, ['gateway timeout', 'Check that the private network connector runs.']],
]);

/**
 * What an error code means, written as `0x80190194`, `800B0109`, `2148204809`, `-2146762487` or `1346`;
 * undefined when it is none, or none that is known.
 */
export function explainErrorCode(text: string): ErrorCode | undefined {
  const value = codeValue(text.slice(0, 64).trim());
  return value === undefined ? undefined : explainValue(value);
}

/** As `explainErrorCode`, from the unsigned number. */
export function explainValue(value: number): ErrorCode | undefined {
  const row = KNOWN.get(value);
  if (row !== undefined) return fromRow(row);
  if (value < 0x1_0000) return fromRow(KNOWN.get(WIN32_FAMILY + value));
  return httpError(value) ?? win32Error(value);
}

/** The HTTP status that an HRESULT wraps, or undefined. */
export function httpStatusOf(value: number): number | undefined {
  const status = value - HTTP_FAMILY;
  return status >= 300 && status <= 599 ? status : undefined;
}

/** The unsigned number that a code such as `0x800B0109` stands for. */
export function errorValue({ code }: ErrorCode): number {
  return Number.parseInt(code.slice(2), 16);
}

/** Every repetition is bounded and no two alternatives start alike but for their length, so a text of any kind is read once. */
const MENTION = /(?<![\w.-])(?:0x[0-9a-f]{1,8}|-\d{10}|\d{10}|[8c][0-9a-f]{7})(?!\w|-[0-9a-f]{4}-|\.\d)/gi;

/** Text past this many characters is not searched. */
const SEARCHED = 65_536;

/**
 * The known error codes that a text mentions, each once, at most `limit`, in its order. Codes of success and small numbers are left
 * out, because most small numbers are something else; so are numbers without `0x` that only look like a code.
 */
export function errorCodesIn(text: string, limit = 4): readonly ErrorCode[] {
  const found = new Map<string, ErrorCode>();
  for (const [mention] of text.slice(0, SEARCHED).matchAll(MENTION)) {
    const value = codeValue(mention);
    if (value === undefined || value < 0x8000_0000) continue;
    if (!mention.toLowerCase().startsWith('0x') && !KNOWN.has(value) && httpStatusOf(value) === undefined) continue;
    const known = explainValue(value);
    if (known !== undefined) found.set(known.code, known);
    if (found.size >= limit) break;
  }
  return [...found.values()];
}

/** `0x80190194 HTTP 404: not found`: for the detail of a finding. */
export function errorLine({ code, name, meaning }: ErrorCode): string {
  return `${code} ${name}: ${meaning}`;
}

function codeValue(text: string): number | undefined {
  const hex = /^(?:0x([0-9a-f]{1,8})L?|([089a-f][0-9a-f]{7}))$/i.exec(text);
  if (hex !== null) return Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
  if (!/^-?\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  const unsigned = number < 0 ? number + 0x1_0000_0000 : number;
  return unsigned >= 0 && unsigned <= 0xffff_ffff && number >= -0x8000_0000 ? unsigned : undefined;
}

function fromRow(row: Row | undefined): ErrorCode | undefined {
  if (row === undefined) return undefined;
  const [value, name, meaning, hint] = row;
  return { code: shownCode(value), name, meaning, hint };
}

function httpError(value: number): ErrorCode | undefined {
  const status = httpStatusOf(value);
  if (status === undefined) return undefined;
  const [meaning, hint] = STATUS_ROWS.get(status) ?? ['the server answered this status', 'Find the hop that answered it.'];
  return { code: shownCode(value), name: `HTTP ${status}`, meaning, hint };
}

function win32Error(value: number): ErrorCode | undefined {
  const error = value - WIN32_FAMILY;
  if (error < 0 || error > 0xffff) return undefined;
  return {
    code: shownCode(value),
    name: `Windows error ${error}`,
    meaning: `Windows error ${error}`,
    hint: `\`net helpmsg ${error}\` on a Windows computer shows its text.`,
  };
}

function shownCode(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(8, '0')}`;
}
