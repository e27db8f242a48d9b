"""OpenID Connect: whoever a provider of the installation's choice knows signs in to the account that is theirs."""
