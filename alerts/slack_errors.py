"""What Slack's refusals mean, as data."""

from __future__ import annotations

from alerts.base import ErrorClass

# Slack's error words. One that is not here was refused, so nothing arrived: TRANSIENT, until the horizon.
API_ERRORS: dict[str, ErrorClass] = {
    "ratelimited": ErrorClass.THROTTLE,
    "rate_limited": ErrorClass.THROTTLE,
    "message_limit_exceeded": ErrorClass.THROTTLE,
    # Slack's documentation of both: some aspect of the operation may have succeeded.
    "internal_error": ErrorClass.AMBIGUOUS,
    "fatal_error": ErrorClass.AMBIGUOUS,
    "request_timeout": ErrorClass.AMBIGUOUS,
    "service_unavailable": ErrorClass.AMBIGUOUS,
    "invalid_auth": ErrorClass.CREDENTIAL,
    "not_authed": ErrorClass.CREDENTIAL,
    "account_inactive": ErrorClass.CREDENTIAL,
    "token_revoked": ErrorClass.CREDENTIAL,
    "token_expired": ErrorClass.CREDENTIAL,
    "not_allowed_token_type": ErrorClass.CREDENTIAL,
    "missing_scope": ErrorClass.CREDENTIAL,
    "no_permission": ErrorClass.CREDENTIAL,
    "org_login_required": ErrorClass.CREDENTIAL,
    "ekm_access_denied": ErrorClass.CREDENTIAL,
    "access_denied": ErrorClass.CREDENTIAL,
    "two_factor_setup_required": ErrorClass.CREDENTIAL,
    "channel_not_found": ErrorClass.DESTINATION,
    "is_archived": ErrorClass.DESTINATION,
    "not_in_channel": ErrorClass.DESTINATION,
    "restricted_action": ErrorClass.DESTINATION,
    "restricted_action_read_only_channel": ErrorClass.DESTINATION,
    "restricted_action_thread_only_channel": ErrorClass.DESTINATION,
    "restricted_action_non_threadable_channel": ErrorClass.DESTINATION,
    "invalid_blocks": ErrorClass.CONTENT,
    "invalid_blocks_format": ErrorClass.CONTENT,
    "msg_blocks_too_long": ErrorClass.CONTENT,
    "msg_too_long": ErrorClass.CONTENT,
    "no_text": ErrorClass.CONTENT,
    "invalid_arguments": ErrorClass.CONTENT,
    "invalid_metadata_format": ErrorClass.CONTENT,
    "invalid_metadata_schema": ErrorClass.CONTENT,
    "metadata_too_large": ErrorClass.CONTENT,
}

# An incoming webhook's words, in its body.
WEBHOOK_ERRORS: dict[str, ErrorClass] = {
    "invalid_token": ErrorClass.DESTINATION,
    "no_service": ErrorClass.DESTINATION,
    "no_service_id": ErrorClass.DESTINATION,
    "no_team": ErrorClass.DESTINATION,
    "no_active_hooks": ErrorClass.DESTINATION,
    "team_disabled": ErrorClass.DESTINATION,
    "action_prohibited": ErrorClass.DESTINATION,
    "channel_not_found": ErrorClass.DESTINATION,
    "channel_is_archived": ErrorClass.DESTINATION,
    "posting_to_general_channel_denied": ErrorClass.DESTINATION,
    "user_not_found": ErrorClass.DESTINATION,
    "invalid_payload": ErrorClass.CONTENT,
    "invalid_blocks": ErrorClass.CONTENT,
    "no_text": ErrorClass.CONTENT,
    "too_many_attachments": ErrorClass.CONTENT,
    "rollup_error": ErrorClass.AMBIGUOUS,
}

# The first message of the case is gone or cannot be answered: the reply is posted as a message of its own.
NO_THREAD = frozenset({"thread_not_found", "invalid_thread_ts", "cannot_reply_to_message", "message_not_found"})
