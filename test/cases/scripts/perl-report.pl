my %h = (a => 1); my @a = (1..3); my $s = "${dt} @{[scalar @a]} $h{a} $a[0] ${\ 'x'} $#a $$ @$r";
print "$_\n" for grep { /^\w+$/ } sort { $h{$a} <=> $h{$b} } keys %h;
