"""The codes that are not an instrument's: what each says in a record, in English, for people who read one."""

CODE_WORDS = {
    # the pause and the fields of its event record
    "pause": "Pause",
    "pause_id": "The pause",
    "session_id": "The session",
    "participant_ref": "Who asked for it",
    "level": "What would help",
    "pressed_at": "Pressed at",
    "accepted_at": "Accepted at",
    "delivered_at": "On the other person's screen at",
    "seen_at": "Seen at",
    "resumed_at": "Resumed at",
    "resume_choice": "How to go on",
    "outcome": "Outcome",
    "unattended": "Not answered within a minute",
    "path": "Road it travelled",
    "nudges": "Pressed again while unseen",
    # levels and choices
    "slow_down": "Slow down",
    "change_topic": "Change the topic",
    "stop": "Stop for today",
    "go_on": "Go on",
    "slower": "Slower",
    "talk": "Talk about what came up",
    # outcomes
    "resumed": "Resumed by the person who asked",
    "withdrawn": "Taken back",
    "expired": "Still open when the call ended",
    # roads
    "ws": "WebSocket",
    "post": "HTTP request",
    "host": "The video host's own channel",
    # consent
    "therapist_may_see": "My therapist may see my answers",
    "practice_may_count": "My answers may count in the practice's numbers, without my name",
}
