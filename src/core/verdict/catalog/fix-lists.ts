/** Procedures that several verdicts need, in the order in which to do them. */

/** A request that is missing here was stopped before IIS, which no status code can tell. */
export const LOOK_INTO_IIS_LOG =
  'Look for the request in the newest file in `%SystemDrive%\\inetpub\\logs\\logfiles\\w3svc1` on the NDES server: no line there, and none in `C:\\Windows\\System32\\LogFiles\\HTTPERR`, means that it was blocked before IIS.';

export const OPEN_INTERNAL_URL =
  'Open the internal URL with `/certsrv/mscep/mscep.dll` in a browser on the connector server and expect HTTP 403 Forbidden, the healthy answer.';

const REQUEST_FILTERING =
  'On the NDES server, open IIS Manager > Default Web Site > Request Filtering > Edit Feature Settings and set both `Maximum URL length (Bytes)` and `Maximum query string (Bytes)` to 65534.';

const HTTP_SYS_LIMITS =
  'Set the DWORD values `MaxFieldLength` and `MaxRequestBytes` under `HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters` to decimal 65534.';

const RESTART_AFTER_LIMITS =
  'Restart the NDES server, because HTTP.sys reads its limits only when it starts, and run the long-URL check again.';

/** For answers that HTTP.sys writes itself: the registry first, request filtering because it is the next one to refuse. */
export const RAISE_HTTP_SYS_LIMITS = [HTTP_SYS_LIMITS, REQUEST_FILTERING, RESTART_AFTER_LIMITS] as const;

/** For answers of the request filtering module: its settings first, the registry because it is the next one to refuse. */
export const RAISE_REQUEST_FILTERING = [REQUEST_FILTERING, HTTP_SYS_LIMITS, RESTART_AFTER_LIMITS] as const;

export const GRANT_IMPERSONATION = [
  'Run `secpol.msc` on the NDES server, open Local Policies > User Rights Assignment > Impersonate a client after authentication, choose Add User or Group and add `IIS_IUSRS`.',
  'Add `IIS_IUSRS` in the Group Policy object as well if one sets this user right, because it overwrites the local setting.',
  'Restart the server and connect from a device again.',
] as const;

export const RENEW_RA_CERTIFICATES = [
  'On the NDES server, find the `MSCEP-RA` certificates in the Certificates MMC for Computer account (`certlm.msc` > Personal), compare their end dates with the evidence and copy their Subject.',
  'On the issuing CA, open the Certificate Templates MMC (`certtmpl.msc`) and give Read and Enroll on CEP Encryption and on Exchange Enrollment Agent (Offline request) to the logged-in user and to the NDES server.',
  'In `certlm.msc`, right-click Personal > Certificates > All Tasks > Request New Certificate, select CEP Encryption and click "More information is required to enroll for this certificate".',
  'Enter the copied Subject on the Subject tab, choose Add and OK, keep an RSA key in a legacy cryptographic service provider (NDES reads no CNG keys: 0x80090014), and complete the enrolment.',
  'Open the Certificates MMC for My user account (`certmgr.msc`), because the subject type of the second template is User, and request Exchange Enrollment Agent (Offline request) under Personal in the same way.',
  'Enter the copied Subject again, select Make private key exportable on the Private Key tab, choose OK and complete the enrolment.',
  'Export this certificate from the current user store with "Yes, export the private key", import it to the local machine store and delete the exported file.',
  'Right-click each of the two new certificates in `certlm.msc` > All Tasks > Manage Private Keys and add Read for the NDES service account.',
  'Run `iisreset` in an elevated prompt and probe again: GetCACert shows the new end dates.',
] as const;

export const REINSTALL_NDES_ROLE =
  'Reinstall the NDES role, which requests both RA certificates anew, and then the Certificate Connector for Microsoft Intune.';

export const ENABLE_CAPI2_LOG = [
  'Open Event Viewer > View and check Show Analytic and Debug Logs.',
  'Go to Applications and Services Logs > Microsoft > Windows > CAPI2 > Operational, right-click Operational and choose Enable Log.',
  'Reproduce the problem and read the CAPI2 log for CRL addresses that cannot be retrieved.',
] as const;

export const START_CONNECTOR_SERVICE =
  'Run `services.msc` on the connector server and make sure that Microsoft Entra private network connector (old names: Microsoft AAD Application Proxy Connector, Microsoft Azure AD Application Proxy Connector) is running and its Startup Type is Automatic.';

export const OPEN_CONNECTOR_PORTS =
  'Allow outbound TCP 443 and 80 from the connector server to `*.msappproxy.net` and `*.servicebus.windows.net`, and exempt this traffic from TLS inspection.';

export const UPDATE_TRUSTED_ROOT_PROFILE = [
  'Export the root certificate at the top of the chain that the NDES server uses, and check that it is a root: Issued to and Issued by are equal.',
  'Upload it to the trusted certificate profile in the Microsoft Intune admin center and link every SCEP profile to that profile.',
] as const;
