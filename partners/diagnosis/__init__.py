"""Why a call fails or would fail, explained by the policy that decides."""
