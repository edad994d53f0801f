/** What the app uses of @azure/identity; bundled into a file of its own by bundle.ts. */
export { DefaultAzureCredential } from '@azure/identity';
