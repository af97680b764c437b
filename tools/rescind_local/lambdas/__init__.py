"""What Lambda would do: functions in sandbox processes, one event at a time each."""
