"""What a program earns: assumptions, margins, break-even and how sure they are."""
