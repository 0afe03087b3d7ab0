/* Linked last. AFL++ 4.04 reads one guard too many behind some functions (a choice between two values at their end): it
 * is the next function's, and behind the last one of a program it would be anything. */
void guards_end(void);

void guards_end(void)
{
}
