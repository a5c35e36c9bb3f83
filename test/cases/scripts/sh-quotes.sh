echo 'single $HOME ${HOME} $(id)' "double \"$HOME\" \$HOME ${dt}" $'ansi\n\t\x41' $"locale"
echo "a'b" 'a"b' a\ b \$ \\ \` "`date`"
