"""The command line: argv to one verb. No verb's work is done here, and no verb imports another."""
